import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Installs the engines that the tests can use, from the distribution's own packages. Debian and Ubuntu, as root. */
const packages = [
  'redis-server',
  'nats-server',
  'clickhouse-server',
  'zookeeper',
  'chromium',
  'default-jre-headless',
  'prometheus',
  'postgresql',
  'prometheus-alertmanager',
];

if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) {
  console.error(`This installs by apt-get, as root. Elsewhere put these on the PATH by hand: ${packages.join(', ')}`);
  process.exit(1);
}
const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
const run = (args) => spawnSync('apt-get', args, { stdio: 'inherit', env: environment }).status === 0;
run(['update', '-qq']);
const failed = packages.filter((name) => !run(['install', '-y', '-qq', '--no-install-recommends', name]));
if (failed.length > 0) {
  console.error(`Not available here: ${failed.join(', ')}; tests that need them are left out and named.`);
  process.exit(1);
}
