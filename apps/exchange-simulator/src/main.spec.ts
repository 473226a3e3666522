import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { transform } from '@swc/core';
import { SimulatorClient } from './simulator-client.js';

const ROOT = join(import.meta.dirname, '../../..');

interface Ready {
  readonly event: string;
  readonly control: string;
  readonly pid: number;
  readonly hosts: readonly { readonly url: string }[];
}

/** The program as plain JavaScript, in a folder from which the packages are found. */
async function compile(): Promise<string> {
  const cache = join(ROOT, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'exchange-simulator-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const files = await readdir(import.meta.dirname, { recursive: true });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  await Promise.all(
    sources.map(async (file) => {
      const source = await readFile(join(import.meta.dirname, file), 'utf8');
      const { code } = await transform(source, {
        swcrc: false,
        configFile: false,
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      });
      const target = join(folder, file.replace(/\.ts$/, '.js'));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, code);
    }),
  );
  return folder;
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  const [line] = (await once(lines, 'line')) as [string];
  lines.close();
  return line;
}

/** Polls until nothing listens any more; at most two seconds. */
async function untilGone(url: string): Promise<boolean> {
  for (let i = 0; i < 80; i += 1) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    );
    if (!answered) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

describe('the exchange-simulator program', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await compile();
  });
  afterAll(() => rm(folder, { recursive: true }));

  const small = ['--venues', 'okx', '--hosts-per-venue', '1', '--symbols-per-venue', '3'];
  const start = (args: readonly string[], stdio: 'pipe' | 'ipc' = 'pipe'): ChildProcess =>
    spawn(process.execPath, [join(folder, 'main.js'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe', ...(stdio === 'ipc' ? (['ipc'] as const) : [])],
    });

  it('prints one line of JSON when ready, serves with its options, and ends cleanly on SIGTERM', async () => {
    const child = start([
      ...small,
      '--seed',
      '9',
      '--settlement-ms-by-venue',
      'okx=7000',
      '--limit-scale-by-venue',
      'okx=0.5',
    ]);
    const ready = JSON.parse(await firstLine(child)) as Ready;
    expect(ready).toMatchObject({ event: 'ready', pid: child.pid, hosts: [{ venue: 'okx', host: 'okx-1' }] });
    const stats = await new SimulatorClient(ready.control).stats();
    expect(stats).toMatchObject({ seed: 9, venues: { okx: { settlementMs: 7_000, limitScale: 0.5 } } });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('says the same over IPC, and ends when its parent disconnects', async () => {
    const child = start(small, 'ipc');
    const [ready] = (await once(child, 'message')) as [Ready];
    expect(ready.event).toBe('ready');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('ends when its parent dies', async () => {
    const program = JSON.stringify(join(folder, 'main.js'));
    const parent = spawn(
      process.execPath,
      [
        '-e',
        `require('node:child_process').spawn(process.execPath, [${program}, ...${JSON.stringify(small)}], { stdio: 'inherit' })`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ready = JSON.parse(await firstLine(parent)) as Ready;
    expect((await fetch(`${ready.control}/stats`)).status).toBe(200);
    parent.kill('SIGKILL');
    expect(await untilGone(`${ready.control}/stats`)).toBe(true);
  });

  it('ends with status 1 and every problem on one error for bad options', async () => {
    const child = start(['--seed', '-4', '--settlement-ms', '1500']);
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(1);
    expect(errors).toMatch(/^Simulator options:\n {2}seed: .*; got -4\n {2}settlementMs: .*; got 1500\n$/);
  });
});
