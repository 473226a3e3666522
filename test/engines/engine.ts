import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, readdirSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';

/** Real servers that tests use when this machine has them. */
export type EngineName =
  | 'redis-server'
  | 'nats-server'
  | 'clickhouse-server'
  | 'chromium'
  | 'zookeeper'
  | 'promtool'
  | 'prometheus'
  | 'prometheus-alertmanager'
  | 'postgres';

const ZOOKEEPER_JAR = '/usr/share/java/zookeeper.jar';

function findBinary(name: string): string | undefined {
  const places = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/usr/local/bin',
    '/usr/bin',
  ];
  return places.map((place) => join(place, name)).find((path) => isExecutable(path));
}

function isExecutable(path: string, mode = constants.X_OK): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Debian keeps each major version of PostgreSQL in a folder of its own, off the PATH. */
function findPostgres(): string | undefined {
  const folder = '/usr/lib/postgresql';
  const versions = isExecutable(folder) ? readdirSync(folder).toSorted((a, b) => Number(b) - Number(a)) : [];
  return (
    versions.map((version) => join(folder, version, 'bin/postgres')).find((path) => isExecutable(path)) ??
    findBinary('postgres')
  );
}

/** Where an engine's program is, or undefined when this machine does not have it. */
export function findEngine(name: EngineName): string | undefined {
  if (name === 'postgres') return findPostgres();
  if (name === 'zookeeper') return isExecutable(ZOOKEEPER_JAR, constants.R_OK) ? findBinary('java') : undefined;
  return findBinary(name);
}

/**
 * `describe` for tests that need real engines. Where one is absent the tests are left out, and the reporter names it at the
 * end of the run; with `ENGINES=required` its absence is a failure. `npm run engines` installs them.
 */
export function describeWithEngines(names: readonly EngineName[], title: string, body: () => void): void {
  const absent = names.filter((name) => findEngine(name) === undefined);
  if (absent.length === 0) {
    describe(title, body);
    return;
  }
  const reason = `[absent: ${absent.join(', ')}]`;
  if (process.env['ENGINES'] === 'required')
    describe(`${title} ${reason}`, () => {
      it('finds its engines', () => {
        throw new Error(`${absent.join(', ')} not found on this machine; "npm run engines" installs them`);
      });
    });
  else describe.skip(`${title} ${reason}`, body);
}

/** A loopback port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

export interface EngineCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** The loopback port that accepts connections once the engine is up. */
  readonly port: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A real server on loopback, to be killed, stopped in its tracks and started again on the same data. */
export class Engine {
  readonly port: number;
  readonly #command: EngineCommand;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(command: EngineCommand) {
    this.#command = command;
    this.port = command.port;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** What the engine has printed, at most the last 20,000 characters. */
  get output(): string {
    return this.#output;
  }

  /** Starts the process and waits until its port accepts; at most 30 s. */
  async start(): Promise<this> {
    const { program, args, env, cwd } = this.#command;
    const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'pipe'], env: env ?? process.env, cwd });
    this.#child = child;
    running.add(child);
    const keep = (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('exit', () => running.delete(child));
    const until = Date.now() + 30_000;
    while (!(await accepts(this.port))) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > until)
        throw new Error(`${program} did not come up on port ${this.port}:\n${this.#output}`);
      await pause(20);
    }
    return this;
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks the process to end; kills it after 10 s. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Stops the process in its tracks: connections stay open and nothing answers. */
  hang(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }
}
