import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Engine, findEngine, freePort } from './engine.js';

export interface ClickHouseServerOptions {
  /** The loopback port of ZooKeeper, for replicated tables. */
  zookeeperPort?: number;
  /** This server's name among the replicas. */
  replica?: string;
  httpPort?: number;
}

/** A ClickHouse server with its data in `directory`; not started yet. */
export async function clickhouseServer(
  directory: string,
  options: ClickHouseServerOptions = {},
): Promise<Engine & { readonly url: string }> {
  const program = findEngine('clickhouse-server');
  if (program === undefined) throw new Error('clickhouse-server not found');
  mkdirSync(directory, { recursive: true });
  const http = options.httpPort ?? (await freePort());
  const [tcp, interserver] = [await freePort(), await freePort()];
  const cluster =
    options.zookeeperPort === undefined
      ? ''
      : `<zookeeper><node index="1"><host>127.0.0.1</host><port>${options.zookeeperPort}</port></node><session_timeout_ms>5000</session_timeout_ms></zookeeper>
         <macros><shard>1</shard><replica>${options.replica ?? 'a'}</replica></macros>`;
  writeFileSync(
    join(directory, 'config.xml'),
    `<yandex>
      <logger><level>warning</level><console>1</console></logger>
      <listen_host>127.0.0.1</listen_host>
      <http_port>${http}</http_port><tcp_port>${tcp}</tcp_port>
      <interserver_http_port>${interserver}</interserver_http_port><interserver_http_host>127.0.0.1</interserver_http_host>
      <path>${directory}/data/</path><tmp_path>${directory}/tmp/</tmp_path>
      <users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
      <mark_cache_size>5368709120</mark_cache_size>
      ${cluster}
    </yandex>\n`,
  );
  writeFileSync(
    join(directory, 'users.xml'),
    `<yandex>
      <profiles><default/></profiles><quotas><default/></quotas>
      <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
    </yandex>\n`,
  );
  const engine = new Engine({
    program,
    args: [`--config-file=${join(directory, 'config.xml')}`],
    port: http,
    cwd: directory,
  });
  return Object.assign(engine, { url: `http://127.0.0.1:${http}` });
}
