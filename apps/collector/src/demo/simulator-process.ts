import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type HostAddress, SimulatorClient } from '@marketprism/exchange-simulator';
import { z } from 'zod';

const START_CAP_MS = 20_000;

const readyMessage = z.object({
  event: z.literal('ready'),
  control: z.string(),
  hosts: z.array(z.object({ venue: z.string(), host: z.string(), url: z.string() })),
});

/** The exchanges, in a process of their own. */
export interface SimulatorProcess {
  readonly client: SimulatorClient;
  readonly hosts: readonly HostAddress[];
  stop(): Promise<void>;
}

/**
 * Starts the exchanges and waits until every port is open. They end with this process, however it ends; in a process
 * group of their own, so that Ctrl-C reaches only us and they still answer while we finish.
 */
export async function startSimulatorProcess(args: readonly string[]): Promise<SimulatorProcess> {
  const main = new URL('./main.js', import.meta.resolve('@marketprism/exchange-simulator'));
  const child = fork(fileURLToPath(main), args, { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2_000)));
  const ready = await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(START_CAP_MS) }),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the exchange simulator ended with code ${String(code)}: ${complaint}`);
    }),
  ]);
  const { control, hosts } = readyMessage.parse((ready as unknown[])[0]);
  return {
    client: new SimulatorClient(control),
    hosts: hosts as readonly HostAddress[],
    stop: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
