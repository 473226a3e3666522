import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openControlStore } from '@marketprism/control-store';
import { register } from 'prom-client';
import { createCollector } from '../../apps/collector/src/app.js';
import { parseConfig } from '../../apps/collector/src/config/load-config.js';
import { eventually } from '../engines/eventually.js';

jest.setTimeout(240_000);

describe('the control store of the collector', () => {
  const directory = mkdtempSync(join(tmpdir(), 'collector-control-'));
  beforeEach(() => register.clear());
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const config = (controlStore: object) =>
    parseConfig({ data: directory, controlStore, venues: { okx: { hosts: ['http://127.0.0.1:1'] } } }, 'test');

  it('keeps the versions of the configuration in a file beside the rates, over restarts', async () => {
    const kept = await openControlStore({ url: `file:${join(directory, 'control.db')}`, instance: 'collector' });
    for (const starts of [1, 2]) {
      const { app } = await createCollector(config({}), false);
      await eventually(async () => expect(await kept.history.list()).toHaveLength(starts));
      await app.close();
      register.clear();
    }
    const versions = await kept.history.list();
    await kept.close();
    expect(versions.map(({ version, who, source }) => [version, who, source])).toEqual([
      [2, 'start', 'code'],
      [1, 'start', 'code'],
    ]);
    expect(versions[0]!.config.policies).toHaveProperty('okx');
  });

  it('does not start with a store that cannot be had, and says where, without the password', async () => {
    const refused = createCollector(config({ url: 'postgresql://me:hunter2@127.0.0.1:1/control' }), false);
    await expect(refused).rejects.toThrow(/^postgresql:\/\/127\.0\.0\.1:1\/control: .*ECONNREFUSED/);
    await expect(createCollector(config({ url: 'mysql://me:hunter2@db/x' }), false)).rejects.toThrow(
      'controlStore.url: must begin with file: or postgresql://; got "mysql://[redacted]@db/x"',
    );
  });
});
