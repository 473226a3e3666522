import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFaultFile } from './fault-file.js';

describe('readFaultFile', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faults-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };

  it('reads YAML, and JSON, with defaults filled in', async () => {
    const yaml = 'faults:\n  - { kind: rateLimited, venue: okx, host: okx-1, startMs: 500, durationMs: 2000 }\n';
    const expected = [
      { kind: 'rateLimited', venue: 'okx', host: 'okx-1', startMs: 500, durationMs: 2_000, retryAfterSeconds: null },
    ];
    expect(await readFaultFile(await file('a.yaml', yaml))).toEqual(expected);
    expect(await readFaultFile(await file('a.json', JSON.stringify({ faults: expected })))).toEqual(expected);
  });

  it('names the file and every problem by path, rule and value, in one error', async () => {
    const path = await file(
      'b.yaml',
      'faults:\n  - { kind: unavailable, venue: nowhere, durationMs: 0 }\n  - { kind: meteor, venue: okx }\nextra: 1\n',
    );
    await expect(readFaultFile(path)).rejects.toThrow(
      expect.objectContaining({
        name: 'InvalidInputError',
        message: expect.stringContaining(`Fault file ${path}:`) as string,
        problems: [
          expect.stringMatching(/^faults\[0\]\.venue: .*okx.*; got "nowhere"$/),
          expect.stringMatching(/^faults\[0\]\.durationMs: .*>=1; got 0$/),
          expect.stringMatching(/^faults\[1\]\.kind: .*; got "meteor"$/),
          expect.stringMatching(/^\(whole\): .*"extra"/),
        ],
      }) as Error,
    );
  });

  it('names the file when it is not there, or is not YAML', async () => {
    await expect(readFaultFile(join(folder, 'none.yaml'))).rejects.toThrow(/Fault file .*none\.yaml:\n {2}ENOENT/);
    await expect(readFaultFile(await file('c.yaml', 'faults: [1, 2'))).rejects.toThrow(/Fault file .*c\.yaml:/);
  });
});
