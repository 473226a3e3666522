import { seededRandom } from '@marketprism/reliability';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describeWithEngines } from '../engines/engine.js';
import { natsServer } from '../engines/nats.js';
import { killRun } from './kills/kill-run.js';

const MESSAGES = 4_000;
const whole = { rows: MESSAGES, distinct: MESSAGES, missing: 0 };

const inDirectory = async <R>(work: (directory: string) => Promise<R>): Promise<R> => {
  const directory = mkdtempSync(join(tmpdir(), 'kills-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
const randomOf = (seed: number) => {
  const random = seededRandom(seed);
  return () => random.next();
};

describe('a pipeline killed again and again', () => {
  it('stores every message once: a journal and one engine', async () => {
    await inDirectory(async (directory) => {
      const { stored } = await killRun({ directory, messages: MESSAGES, nodes: 1, kills: 2, random: randomOf(1) });
      expect(stored).toEqual([expect.objectContaining(whole)]);
    });
  }, 120_000);

  it('stores every message once on every node: one journal for the stream and three nodes', async () => {
    await inDirectory(async (directory) => {
      const { stored } = await killRun({ directory, messages: MESSAGES, nodes: 3, kills: 2, random: randomOf(2) });
      expect(stored).toHaveLength(3);
      const complete = stored.filter(({ missing }) => missing === 0);
      expect(complete.length).toBeGreaterThanOrEqual(2); // the third gets the rest when the store is opened again
      for (const node of stored) expect(node.rows).toBe(node.distinct);
    });
  }, 120_000);
});

describeWithEngines(['nats-server'], 'a pipeline whose server is killed as well', () => {
  it('stores every message once', async () => {
    await inDirectory(async (directory) => {
      const nats = await natsServer(directory);
      await nats.start();
      try {
        const { stored } = await killRun({
          directory,
          messages: MESSAGES,
          nodes: 1,
          nats,
          kills: 3,
          random: randomOf(3),
        });
        expect(stored).toEqual([expect.objectContaining(whole)]);
      } finally {
        await nats.kill();
      }
    });
  }, 120_000);
});
