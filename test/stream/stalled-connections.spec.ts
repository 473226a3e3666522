import { openDatabase } from '@marketprism/store';
import { BatchWorker, openStream, textOf } from '@marketprism/stream';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { clickhouseServer } from '../engines/clickhouse.js';
import { describeWithEngines } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { FaultProxy } from '../engines/fault-proxy.js';
import { natsServer } from '../engines/nats.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describeWithEngines(['nats-server', 'clickhouse-server'], 'a pipeline whose connections stall and break', () => {
  it('stores every message once', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stalled-'));
    const nats = await natsServer(directory);
    const clickhouse = await clickhouseServer(join(directory, 'clickhouse'));
    await Promise.all([nats.start(), clickhouse.start()]);
    const toNats = await new FaultProxy(nats.port).start();
    const toClickhouse = await new FaultProxy(clickhouse.port).start();
    const stream = await openStream({
      nats: { servers: `nats://127.0.0.1:${toNats.port}`, attemptMs: 500, deadlineMs: 60_000 },
    });
    const database = await openDatabase({ url: `http://127.0.0.1:${toClickhouse.port}`, deadlineMs: 1_000 });
    await database.command(
      'CREATE TABLE event (id String) ENGINE = ReplacingMergeTree PARTITION BY tuple() ORDER BY id',
    );
    const worker = await BatchWorker.start(
      stream,
      {
        consumer: 'store',
        batchSize: 100,
        topic: () => 'all',
        ackWaitMs: 2_000,
        failures: {
          network: { capMs: 300 },
          timeout: { capMs: 300 },
          unknown: { action: 'hold', attempts: Infinity, baseMs: 50, capMs: 300 },
        },
      },
      (messages) =>
        database.insert(
          'event',
          messages.map((message) => ({ id: textOf(message) })),
        ),
    );
    try {
      const publishing = Promise.all(
        Array.from({ length: 20 }, async (_, writer) => {
          for (let n = 0; n < 100; n += 1) await stream.publish('events', `${writer}-${n}`, { id: `${writer}-${n}` });
        }),
      );
      for (const proxy of [toClickhouse, toNats, toClickhouse]) {
        await pause(150);
        proxy.stall();
        await pause(700);
        proxy.flow();
        await pause(100);
        proxy.cut();
      }
      await publishing;
      await eventually(async () => expect((await stream.stats()).messages).toBe(0), 30_000);
      expect(await database.query('SELECT count() AS n, uniqExact(id) AS d FROM event FINAL')).toEqual([
        { n: '2000', d: '2000' },
      ]);
      expect(worker.snapshot().deadLettered).toBe(0);
    } finally {
      await worker.stop();
      await stream.close();
      await database.close();
      await Promise.all([toNats.stop(), toClickhouse.stop(), nats.kill(), clickhouse.kill()]);
      rmSync(directory, { recursive: true, force: true });
    }
  }, 90_000);
});
