import { seededRandom } from '@marketprism/reliability';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { findEngine } from '../../engines/engine.js';
import { natsServer } from '../../engines/nats.js';
import { killRun, type KillResult } from './kill-run.js';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    kills: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const messages = Number(values.messages);
const kills = Number(values.kills);

const plans = [
  { name: 'journal', nodes: 1, nats: false },
  { name: 'journal-nodes', nodes: 3, nats: false },
  { name: 'nats', nodes: 1, nats: true },
  { name: 'nats-nodes', nodes: 3, nats: true },
].filter(({ name }) => values.only === undefined || values.only === name);

/** Every message once, on enough nodes: the primary and one replica have all, and none has one twice. */
const isWhole = ({ stored }: KillResult): boolean =>
  stored.filter(({ missing }) => missing === 0).length >= Math.min(2, stored.length) &&
  stored.every(({ rows, distinct }) => rows === distinct && distinct <= messages);

let failed = 0;
for (const { name, nodes, nats } of plans) {
  if (nats && findEngine('nats-server') === undefined) {
    console.log(`${name}: left out, nats-server is absent`);
    continue;
  }
  const directory = mkdtempSync(join(tmpdir(), `kills-${name}-`));
  const server = nats ? await natsServer(directory) : undefined;
  await server?.start();
  const random = seededRandom(Number(values.seed));
  const started = performance.now();
  try {
    const result = await killRun({
      directory,
      messages,
      nodes,
      nats: server,
      kills,
      random: () => random.next(),
      log: (line) => console.log(`${name}: ${line}`),
    });
    const whole = isWhole(result);
    if (!whole) failed += 1;
    const seconds = ((performance.now() - started) / 1_000).toFixed(0);
    console.log(`${name}: ${whole ? 'every message once' : 'NOT WHOLE'} in ${seconds} s: ${JSON.stringify(result)}`);
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    failed += 1;
    console.error(`${name}: failed, its files are in ${directory}:`, error);
  } finally {
    await server?.kill();
  }
}
process.exit(failed === 0 ? 0 : 1);
