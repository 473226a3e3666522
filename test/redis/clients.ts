import { createClient, createCluster } from 'redis';
import { Cluster, Redis } from 'ioredis';
import type { Capabilities } from '@marketprism/reliability';
import {
  type AnyRedisClient,
  type SharedRateLimiter,
  type SharedRateLimiterOptions,
  sharedRateLimiterPolicy,
  type SharedStore,
} from '@marketprism/reliability/redis';

/** A connected client, and how to let go of it. */
export interface TestClient {
  readonly client: AnyRedisClient;
  /** Any command, for looking at what is on the server. */
  send(...args: string[]): Promise<unknown>;
  close(): void;
}

export const CLIENTS = ['node-redis', 'ioredis'] as const;
export type ClientKind = (typeof CLIENTS)[number];

const ignoreErrors = () => undefined;

/** As the documentation advises: no offline queue, reconnecting soon and for ever. */
export async function connect(kind: ClientKind, port: number): Promise<TestClient> {
  if (kind === 'ioredis') {
    const client = new Redis(port, '127.0.0.1', {
      enableOfflineQueue: false,
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      connectTimeout: 500,
      retryStrategy: () => 50,
    });
    client.on('error', ignoreErrors);
    await client.connect();
    return { client, send: (command, ...args) => client.call(command, args), close: () => client.disconnect() };
  }
  const client = createClient({
    disableOfflineQueue: true,
    socket: { host: '127.0.0.1', port, reconnectStrategy: () => 50 },
  });
  client.on('error', ignoreErrors);
  await client.connect();
  return { client, send: (...args) => client.sendCommand(args), close: () => client.destroy() };
}

export async function connectCluster(kind: ClientKind, ports: readonly number[]): Promise<TestClient> {
  if (kind === 'ioredis') {
    const client = new Cluster(
      ports.map((port) => ({ host: '127.0.0.1', port })),
      { lazyConnect: true, enableOfflineQueue: false, clusterRetryStrategy: () => 50 },
    );
    client.on('error', ignoreErrors);
    await client.connect();
    return { client, send: (command, ...args) => client.call(command, args), close: () => client.disconnect() };
  }
  const client = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) });
  client.on('error', ignoreErrors);
  await client.connect();
  return { client, send: (...args) => client.sendCommand(args[1], false, args), close: () => client.destroy() };
}

/** A limiter by itself, as an application's configuration would make it. */
export function sharedLimiter(
  name: string,
  options: SharedRateLimiterOptions,
  store: SharedStore,
  capabilities: Capabilities,
): SharedRateLimiter {
  const policy = sharedRateLimiterPolicy(store);
  return policy.create(name, policy.options.parse(options), { ...capabilities, create: unused, shared: unused });
}

export function unused(): never {
  throw new Error('asks for no other policy');
}
