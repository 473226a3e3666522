import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Engine, findEngine, freePort } from './engine.js';

/** A NATS server with JetStream on file storage in `directory`; not started yet. */
export async function natsServer(directory: string, port?: number): Promise<Engine & { readonly url: string }> {
  const program = findEngine('nats-server');
  if (program === undefined) throw new Error('nats-server not found');
  const at = port ?? (await freePort());
  const config = join(directory, `nats-${at}.conf`);
  writeFileSync(config, `listen: 127.0.0.1:${at}\njetstream { store_dir: "${join(directory, 'jetstream')}" }\n`);
  return Object.assign(new Engine({ program, args: ['-c', config], port: at }), { url: `nats://127.0.0.1:${at}` });
}
