import { InvalidOptionsError } from '../core/errors.js';

/**
 * The little that is needed of a Redis client. Commands are sent as they stand on the wire; on a cluster the key says
 * to which node.
 */
export interface RedisConnection {
  /** Whether a command would be sent now, and not put in a queue until the server is back. */
  readonly ready: boolean;
  send(args: readonly string[], key: string): Promise<unknown>;
}

/** What is needed of a client of node-redis 6 (`redis`), made by `createClient`, `createClientPool` or `createSentinel`. */
export interface NodeRedisClient {
  readonly isReady: boolean;
  sendCommand(args: readonly string[]): Promise<unknown>;
}

/** What is needed of a cluster of node-redis 6, made by `createCluster`. */
export interface NodeRedisCluster {
  readonly isReady: boolean;
  readonly masters: readonly unknown[];
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
}

/** What is needed of a client or a cluster of ioredis 6. */
export interface IoredisClient {
  readonly status: string;
  call(command: string, args: string[]): Promise<unknown>;
}

export type AnyRedisClient = NodeRedisClient | NodeRedisCluster | IoredisClient | RedisConnection;

/**
 * One interface over the user's own client. The client stays the user's: it is neither connected nor closed here.
 *
 * What a client says when it loses the server it says in an `error` event; without a listener node-redis ends the
 * process.
 * @throws InvalidOptionsError for what is no client
 */
export function redisConnection(client: AnyRedisClient): RedisConnection {
  const given: unknown = client;
  if (typeof given !== 'object' || given === null || !['send', 'call', 'sendCommand'].some((name) => name in given)) {
    const rule = 'must be a client of node-redis or ioredis';
    throw new InvalidOptionsError([{ path: 'redisConnection', rule, value: given }]);
  }
  if ('send' in client) return client;
  if ('call' in client) {
    return {
      get ready() {
        return client.status === 'ready';
      },
      send: ([command, ...args]) => client.call(command!, args),
    };
  }
  if (isNodeRedisCluster(client)) {
    return {
      get ready() {
        return client.isReady;
      },
      send: (args, key) => client.sendCommand(key, false, [...args]),
    };
  }
  return {
    get ready() {
      return client.isReady;
    },
    send: (args) => client.sendCommand(args),
  };
}

function isNodeRedisCluster(client: NodeRedisClient | NodeRedisCluster): client is NodeRedisCluster {
  return 'masters' in client;
}
