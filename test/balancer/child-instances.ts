import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const INSTANCE_MODULE = join(__dirname, 'instance.mjs');

/** An endpoint in a process of its own. */
export interface ChildInstance {
  readonly id: string;
  readonly url: string;
  readonly process: ChildProcess;
}

/** Starts endpoints `a`, `b`, … as child processes on loopback. */
export async function startInstances(count: number, env: Record<string, string> = {}): Promise<ChildInstance[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const child = fork(INSTANCE_MODULE, [], { env: { ...process.env, ...env }, execArgv: [] });
      const [{ url }] = (await once(child, 'message')) as [{ url: string }];
      return { id: String.fromCharCode(97 + index), url, process: child };
    }),
  );
}

/** Ends them, however they are. */
export async function stopInstances(instances: readonly ChildInstance[]): Promise<void> {
  await Promise.all(
    instances.map(async ({ process: child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }),
  );
}

/** Starts `work` at an even rate for a while and waits for all of it. */
export async function load<T>(perSecond: number, forMs: number, work: (number: number) => Promise<T>): Promise<T[]> {
  const started: Promise<T>[] = [];
  const from = performance.now();
  for (let number = 0; performance.now() - from < forMs;) {
    const due = ((performance.now() - from) / 1_000) * perSecond;
    for (; number < due; number += 1) started.push(work(number));
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
  return Promise.all(started);
}
