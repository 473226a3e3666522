import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Engine, findEngine, freePort } from './engine.js';

/** A ZooKeeper server of one node with its data in `directory`; not started yet. */
export async function zookeeperServer(directory: string): Promise<Engine> {
  const program = findEngine('zookeeper');
  if (program === undefined) throw new Error('zookeeper not found');
  mkdirSync(join(directory, 'data'), { recursive: true });
  const port = await freePort();
  const config = join(directory, 'zoo.cfg');
  writeFileSync(
    config,
    `tickTime=500\ndataDir=${join(directory, 'data')}\nclientPort=${port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\nforceSync=no\n`,
  );
  const classes = '/etc/zookeeper/conf:/usr/share/java/*';
  return new Engine({
    program,
    args: ['-Xmx256m', '-cp', classes, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', config],
    port,
  });
}
