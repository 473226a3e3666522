import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Engine, findEngine, freePort } from './engine.js';

/** A Redis server in memory only; not started yet. */
export async function redisServer(args: readonly string[] = []): Promise<Engine & { readonly url: string }> {
  const program = findEngine('redis-server');
  if (program === undefined) throw new Error('redis-server not found');
  const port = await freePort();
  const all = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', ...args];
  return Object.assign(new Engine({ program, args: all, port }), { url: `redis://127.0.0.1:${port}` });
}

/** Three masters without replicas, each answering for its own slots when another is gone; started and joined. */
export async function redisCluster(): Promise<{
  readonly nodes: readonly Engine[];
  readonly stop: () => Promise<void>;
}> {
  const directory = mkdtempSync(join(tmpdir(), 'redis-cluster-'));
  const settings = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '1000',
    '--cluster-require-full-coverage',
    'no',
  ];
  const nodes: Engine[] = [];
  for (const node of [0, 1, 2]) {
    const busPort = await freePort();
    const own = ['--dir', directory, '--cluster-config-file', `nodes-${node}.conf`, '--cluster-port', String(busPort)];
    nodes.push(await (await redisServer([...settings, ...own])).start());
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const joined = spawnSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    rmSync(directory, { recursive: true, force: true });
  };
  if (joined.status !== 0) {
    await stop();
    throw new Error(`redis-cli did not join the nodes:\n${joined.stdout}${joined.stderr}`);
  }
  // Each node still has to hear from the others that all slots are taken.
  const until = Date.now() + 30_000;
  for (const { port } of nodes) {
    while (
      !spawnSync('redis-cli', ['-p', String(port), 'cluster', 'info'], { encoding: 'utf8' }).stdout.includes(
        'cluster_state:ok',
      )
    ) {
      if (Date.now() > until) throw new Error('the Redis cluster did not come up');
    }
  }
  return { nodes, stop };
}
