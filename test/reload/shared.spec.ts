import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigSource } from '@marketprism/reliability';
import { RedisConfigSource } from '@marketprism/reliability/redis';
import { NatsConfigSource } from '@marketprism/stream';
import { connect as connectNats } from '@nats-io/transport-node';
import type { Engine, EngineName } from '../engines/engine.js';
import { describeWithEngines } from '../engines/engine.js';
import { eventually as within } from '../engines/eventually.js';
import { natsServer } from '../engines/nats.js';
import { redisServer } from '../engines/redis.js';
import { CLIENTS, connect as connectRedis } from '../redis/clients.js';
import { type Instance, instance } from './instance.js';

const eventually = (expectation: () => unknown) => within(expectation, 30_000);

const OPTIONS = { everyMs: 20, deadlineMs: 1_000 };

interface Shared {
  readonly server: Engine;
  /** A source over a connection of its own. */
  readonly source: () => Promise<{ readonly source: ConfigSource; readonly close: () => unknown }>;
}

const redis = (kind: (typeof CLIENTS)[number]) => async (): Promise<Shared> => {
  const server = await (await redisServer()).start();
  return {
    server,
    source: async () => {
      const connected = await connectRedis(kind, server.port);
      return { source: new RedisConfigSource(connected.client, OPTIONS), close: () => connected.close() };
    },
  };
};

const nats = async (folder: string): Promise<Shared> => {
  const server = await (await natsServer(folder)).start();
  return {
    server,
    source: async () => {
      const connection = await connectNats({
        servers: server.url,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 20,
        reconnectJitter: 0,
      });
      return { source: new NatsConfigSource(connection, OPTIONS), close: () => connection.close() };
    },
  };
};

const KINDS: [string, EngineName, (folder: string) => Promise<Shared>][] = [
  ...CLIENTS.map((kind): (typeof KINDS)[number] => [`Redis by ${kind}`, 'redis-server', redis(kind)]),
  ['NATS', 'nats-server', nats],
];

jest.setTimeout(120_000);

describe.each(KINDS)('a configuration shared through %s', (_, engine, open) => {
  describeWithEngines([engine], 'on a real server', () => {
    let folder: string;
    let shared: Shared;
    let one: Instance;
    let two: Instance;
    const closing: (() => unknown)[] = [];
    const start = async () => {
      const { source, close } = await shared.source();
      const started = await instance([source]);
      closing.unshift(started.close, close);
      return started;
    };

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'shared-config-'));
      shared = await open(folder);
      closing.push(() => shared.server.kill());
      one = await start();
      two = await start();
    });
    afterEach(async () => {
      for (const close of closing.splice(0)) await close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('shows on one instance what is changed on the other, with who and why', async () => {
      await one.change(20);
      expect(one.limit()).toBe(20);
      await eventually(() => expect(two.limit()).toBe(20));
      expect((await two.control.versions())[0]).toMatchObject({ version: 2, who: 'alice', why: 'to 20' });
      await two.control.perform({ kind: 'rollback', version: 1, reason: 'back' }, { who: 'bob', via: 'test' });
      await eventually(() => expect(one.limit()).toBe(10));
      expect((await one.control.versions())[0]).toMatchObject({ version: 3, who: 'bob', why: 'back' });
      expect(one.live.version).toBe(3);
    });

    it('is there for an instance that starts later', async () => {
      await one.change(20);
      const three = await start();
      expect(three.limit()).toBe(20);
    });

    it('lets one of two win who change it at the same time', async () => {
      const results = await Promise.allSettled([one.change(20), two.change(30)]);
      const won = results.map(({ status }) => status);
      expect(won).toContain('fulfilled');
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ kind: 'conflict' });
      }
      await eventually(() => expect(one.limit()).toBe(two.limit()));
      await eventually(() => one.change(40));
      await eventually(() => expect(two.limit()).toBe(40));
    });

    it('goes on with what it said while the server is away, and with what it says when it is back', async () => {
      await one.change(20);
      await eventually(() => expect(two.limit()).toBe(20));
      await shared.server.kill();
      await eventually(() => expect(two.live.view().sources[0]).toMatchObject({ available: false }));
      await expect(one.change(30)).rejects.toMatchObject({ kind: 'unavailable' });
      expect([one.limit(), two.limit()]).toEqual([20, 20]);
      await expect(one.rates.fetch()).resolves.toBe('rate');
      await shared.server.start();
      await eventually(() => one.change(40));
      await eventually(() => expect(two.limit()).toBe(40));
      expect(two.live.view().sources[0]).toMatchObject({ available: true });
    });
  });
});
