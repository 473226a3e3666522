import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Engine, findEngine, freePort } from './engine.js';

/** An Alertmanager that hands on to `webhook` at once; with its data in `directory`, not started yet. */
export async function alertmanager(directory: string, webhook: string): Promise<Engine & { readonly url: string }> {
  const program = findEngine('prometheus-alertmanager');
  if (program === undefined) throw new Error('prometheus-alertmanager not found');
  const port = await freePort();
  const config = join(directory, 'alertmanager.yml');
  writeFileSync(
    config,
    `route: { receiver: test, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: test, webhook_configs: [{ url: '${webhook}', send_resolved: true }] }]\n`,
  );
  const args = [
    `--config.file=${config}`,
    `--storage.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ];
  return Object.assign(new Engine({ program, args, port }), { url: `http://127.0.0.1:${port}` });
}
