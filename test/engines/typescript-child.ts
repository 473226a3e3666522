import { fork, spawnSync, type ChildProcess, type ForkOptions } from 'node:child_process';
import { resolve } from 'node:path';

/** The root of the repository; tests are run from there. */
export const root = process.cwd();

/** What a Node process needs to run the sources as they are, without a build. */
export const typescriptArguments: readonly string[] = [
  '--import',
  '@swc-node/register/esm-register',
  '--conditions=@marketprism/source',
  '--no-warnings',
];

export const typescriptEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  SWC_NODE_PROJECT: resolve(root, 'tsconfig.base.json'),
  NODE_OPTIONS: '',
};

/** Starts a source file of the tests as a process of its own, to be killed. */
export function forkTypeScript(file: string, args: readonly string[], options: ForkOptions = {}): ChildProcess {
  return fork(resolve(root, file), args, {
    cwd: root,
    execArgv: [...typescriptArguments],
    env: typescriptEnvironment,
    serialization: 'advanced',
    ...options,
  });
}

/** Runs a source file of the tests to its end and gives what it printed. */
export function runTypeScript(file: string, args: readonly string[]): string {
  const child = spawnSync(process.execPath, [...typescriptArguments, resolve(root, file), ...args], {
    cwd: root,
    env: typescriptEnvironment,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (child.error !== undefined) throw child.error;
  return child.stdout;
}
