import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const PROJECTS = ['libs/reliability', 'libs/stream', 'libs/store', 'apps/exchange-simulator', 'apps/collector'];

/** Compiles what has changed, as `npm start` and `npm run demo` do. */
export async function build(): Promise<void> {
  await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b', ...PROJECTS], { cwd: ROOT });
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
