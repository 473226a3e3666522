import { randomUUID } from 'node:crypto';
import { systemClock } from '../core/clock.js';
import { systemRandom } from '../core/random.js';
import { PolledConfigSource, type PolledConfigSourceOptions } from '../manager/polled-config-source.js';
import { type AnyRedisClient, redisConnection } from './redis-connection.js';
import { script, SharedStore } from './shared-store.js';

export interface RedisConfigSourceOptions extends PolledConfigSourceOptions {
  /** Default `reliability:config`. */
  readonly key?: string;
}

const READ = script(`
local revision = redis.call('HGET', KEYS[1], 'revision')
if not revision then return {} end
if revision == ARGV[1] then return {revision} end
return {revision, redis.call('HGET', KEYS[1], 'document')}
`);

const WRITE = script(`
local revision = redis.call('HGET', KEYS[1], 'revision') or ''
if revision ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'document', ARGV[3])
return 1
`);

/**
 * A configuration in Redis, shared by the instances that have the same key, through the user's own client, which stays
 * the user's. What is changed on one instance is saved here and appears on the others at their next look.
 */
export class RedisConfigSource extends PolledConfigSource {
  constructor(client: AnyRedisClient, { key = 'reliability:config', ...options }: RedisConfigSourceOptions = {}) {
    const { deadlineMs = 2_000, clock = systemClock } = options;
    const store = new SharedStore(
      redisConnection(client),
      { clock, random: systemRandom },
      { commandMs: deadlineMs, longestProbeMs: 1_000 },
    );
    super(
      `redis ${key}`,
      {
        read: async (known) => {
          const [revision, text] = (await store.run(READ, [key], [known ?? ''])) as (string | null)[];
          if (typeof revision !== 'string') return undefined;
          return typeof text === 'string' ? { revision, text } : { revision };
        },
        write: async (text, expected) => {
          const revision = randomUUID();
          const saved = await store.run(WRITE, [key], [expected ?? '', revision, text]);
          return Number(saved) === 1 ? revision : undefined;
        },
      },
      options,
    );
  }
}
