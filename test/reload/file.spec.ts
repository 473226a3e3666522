import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileConfigSource } from '@marketprism/reliability/config-file';
import { eventually as within } from '../engines/eventually.js';
import { type Instance, instance } from './instance.js';

jest.setTimeout(60_000);
const eventually = (expectation: () => unknown) => within(expectation, 30_000);

const yaml = (limit: number | string) => `policies:\n  okx:\n    rateLimit:\n      limit: ${limit}\n`;

describe('a configuration in a file', () => {
  let folder: string;
  let file: string;
  let running: Instance | undefined;
  const start = async (path = file) => {
    running = await instance([new FileConfigSource(path, { settleMs: 20 })]);
    return running;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reload-'));
    file = join(folder, 'reliability.yaml');
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  it('is followed when it is written, and when another takes its place', async () => {
    writeFileSync(file, yaml(20));
    const { limit, live } = await start();
    expect(limit()).toBe(20);
    writeFileSync(file, yaml(30));
    await eventually(() => expect(limit()).toBe(30));
    writeFileSync(join(folder, 'new'), yaml(40));
    renameSync(join(folder, 'new'), file);
    await eventually(() => expect(limit()).toBe(40));
    unlinkSync(file);
    await eventually(() => expect(live.view().sources[0]).toMatchObject({ available: false }));
    expect(limit()).toBe(40);
    writeFileSync(file, yaml(50));
    await eventually(() => expect(limit()).toBe(50));
    expect(live.view().sources[0]).toMatchObject({ available: true });
    expect(live.version).toBe(4);
  });

  it('is followed through the links that Kubernetes swaps', async () => {
    const release = (name: string, limit: number) => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'reliability.yaml'), yaml(limit));
      symlinkSync(name, join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    release('..2026_1', 20);
    symlinkSync(join('..data', 'reliability.yaml'), file);
    const { limit } = await start();
    expect(limit()).toBe(20);
    release('..2026_2', 30);
    rmSync(join(folder, '..2026_1'), { recursive: true });
    await eventually(() => expect(limit()).toBe(30));
    release('..2026_3', 40);
    await eventually(() => expect(limit()).toBe(40));
  });

  it.each([
    ['no YAML', 'policies: [', /is no YAML that can be read: line 1/],
    ['the same key twice', 'policies: {}\npolicies: {}\n', /is no YAML that can be read: line 2/],
    ['empty', '', /must not be empty/],
    ['another type', yaml('many'), /policies\.okx\.rateLimit\.limit: .*got 'many'/s],
    ['an unknown option', 'policies:\n  okx:\n    rateLimit:\n      limits: 3\n', /limits: is not an option/],
    ['a list', '- 1\n', /must be an object/],
    ['a policy that code overrides by kind only', 'policies:\n  okx: 5\n', /policies\.okx: must be an object/],
    ['a billion laughs', bomb(), /must resolve to at most 100 aliases/],
    ['a name of the language', 'policies:\n  __proto__:\n    rateLimit: {}\n', /not allowed/],
    ['a tag that makes code', 'policies: !!js/function "function () {}"\n', /is no YAML that can be read/],
    ['more than fits', `# ${'x'.repeat(1_000_001)}\n${yaml(1)}`, /must be at most 1000000 bytes/],
  ])('changes nothing when it is %s, and says why', async (_, text, problem) => {
    writeFileSync(file, yaml(20));
    const { limit, live, rates } = await start();
    const rejected: unknown[] = [];
    running!.manager.on('configuration.rejected', ({ error }) => rejected.push(error));
    writeFileSync(file, text);
    await eventually(() => expect(live.view().sources[0]!.problem).toMatch(problem));
    expect(rejected).toHaveLength(1);
    expect([limit(), live.version]).toEqual([20, 1]);
    await expect(rates.fetch()).resolves.toBe('rate');
    writeFileSync(file, yaml(30));
    await eventually(() => expect(limit()).toBe(30));
    expect(live.view().sources[0]!.problem).toBeUndefined();
  });

  it('stops the start when it is missing or wrong, unless it is not required', async () => {
    await expect(start()).rejects.toThrow(/ENOENT/);
    writeFileSync(file, yaml('"postgres://u:hunter2@h"'));
    await expect(start()).rejects.toThrow(/got 'postgres:\/\/\[redacted\]@h'/);
    running = await instance([new FileConfigSource(file, { settleMs: 20, required: false })]);
    expect(running.limit()).toBe(10);
    writeFileSync(file, yaml(30));
    await eventually(() => expect(running!.limit()).toBe(30));
  });

  it('can be JSON', async () => {
    const json = join(folder, 'reliability.json');
    writeFileSync(json, '{"policies":{"okx":{"rateLimit":{"limit":20}}}}');
    const { limit, live } = await start(json);
    expect(limit()).toBe(20);
    writeFileSync(json, '{"policies":{"okx":{"password":"hunter2"');
    await eventually(() => expect(live.view().sources[0]!.problem).toMatch(/is no JSON/));
    expect(JSON.stringify(live.view())).not.toContain('hunter2');
  });

  it('has the later word on an option that was set by hand, and leaves the others alone', async () => {
    writeFileSync(file, yaml(20));
    const { limit, live, change } = await start();
    await change(5);
    writeFileSync(file, `${yaml(20)}      maxQueued: 7\n`);
    await eventually(() => expect(live.effective.policies?.['okx']?.rateLimit?.maxQueued).toBe(7));
    expect(limit()).toBe(5);
    writeFileSync(file, yaml(30));
    await eventually(() => expect(limit()).toBe(30));
    expect(live.view().overrides).toEqual([{ path: 'policies.okx.rateLimit.limit', value: 5, inForce: false }]);
  });
});

function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const inner = level === 0 ? '"lol"' : `*l${level - 1}`;
    return `l${level}: &l${level} [${Array.from({ length: 9 }, () => inner).join(', ')}]`;
  });
  return `${levels.join('\n')}\npolicies: *l8\n`;
}
