import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const PROJECTS = ['libs/reliability', 'libs/stream', 'libs/store', 'apps/exchange-simulator', 'apps/collector'];

/** Held by the worker that compiles, so that none starts a program while another writes it. */
const BUILDING = join(ROOT, 'node_modules/.building');
const LOOK_AGAIN_MS = 100;

/** Compiles what has changed, as `npm start` and `npm run demo` do. @throws Error with what the compiler says */
export async function build(): Promise<void> {
  while (!(await isOurs())) await sleep(LOOK_AGAIN_MS);
  try {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-b', ...PROJECTS], { cwd: ROOT }).catch((error: { stdout?: string }) => {
      throw new Error(`The programs do not compile:\n${error.stdout}`, { cause: error });
    });
  } finally {
    await rm(BUILDING, { force: true });
  }
}

/** Takes the lock, a file that appears with its owner's id in it; one whose owner is gone is nobody's. */
async function isOurs(): Promise<boolean> {
  const own = `${BUILDING}.${process.pid}`;
  await writeFile(own, String(process.pid));
  try {
    await link(own, BUILDING);
    return true;
  } catch {
    const owner = await readFile(BUILDING, 'utf8').catch(() => undefined);
    if (owner !== undefined && !isAlive(Number(owner))) await rm(BUILDING, { force: true });
    return false;
  } finally {
    await rm(own, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export interface Process {
  readonly child: ChildProcess;
  /** Everything written so far, both streams. */
  readonly output: () => string;
  /** Resolves when the output matches; rejects when the process ends before. */
  readonly saying: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

const running = new Set<Process>();

/** Ends what a test that failed has left running. */
export async function endAll(): Promise<void> {
  await Promise.all(
    [...running].map(({ child, ended }) => {
      child.kill('SIGKILL');
      return ended;
    }),
  );
}

const PROGRAMS = {
  'main.js': 'apps/collector/dist/main.js',
  'demo/main.js': 'apps/collector/dist/demo/main.js',
  simulator: 'apps/exchange-simulator/dist/main.js',
} as const;

/** Starts a built program with plain node. */
export function start(
  program: keyof typeof PROGRAMS,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Process {
  const child = spawn(process.execPath, [join(ROOT, PROGRAMS[program]), ...args], {
    cwd: ROOT,
    env: { ...process.env, CLICKHOUSE_URL: '', NATS_URL: '', NO_COLOR: '1', ...environment },
  });
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      for (const listener of listeners) listener();
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  const started: Process = {
    child,
    output: () => output,
    ended,
    saying: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(output);
          if (found === null) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
        void ended.then((code) => reject(new Error(`ended with ${code} without saying ${pattern}:\n${output}`)));
      }),
  };
  running.add(started);
  void ended.then(() => running.delete(started));
  return started;
}
