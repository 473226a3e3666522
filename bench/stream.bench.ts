import { BatchWorker, openStream } from '@marketprism/stream';
import { Journal } from '@marketprism/stream/journal';
import { AckPolicy, jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fsync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

// Ratios of the stream, each of two ways interleaved in one run. JetStream needs a nats-server on the PATH; it starts one of
// its own on a free loopback port.

const ROUNDS = 3;
const directory = mkdtempSync(join(tmpdir(), 'bench-stream-'));
const best = (values: readonly number[]) => Math.max(...values);
const line = (what: string, ratio: number, a: string, b: string) =>
  console.log(`${what.padEnd(58)} ${ratio.toFixed(2)} ×   (${a} against ${b})`);
const perSecond = (count: number, ms: number) => `${Math.round((count / ms) * 1_000).toLocaleString('en')}/s`;
const timed = async (work: () => Promise<unknown>) => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

async function groupCommit(): Promise<void> {
  const body = Buffer.alloc(256, 'x');
  const sync = promisify(fsync);
  const [each, grouped]: [number[], number[]] = [[], []];
  const journal = await Journal.open({ directory: join(directory, 'journal') });
  const file = openSync(join(directory, 'plain'), 'a');
  for (let round = 0; round < ROUNDS; round += 1) {
    const ms = await timed(async () => {
      for (let index = 0; index < 200; index += 1) {
        writeSync(file, body);
        await sync(file);
      }
    });
    each.push(200 / ms);
    const groupMs = await timed(() =>
      Promise.all(
        Array.from({ length: 200 }, async () => {
          for (let index = 0; index < 50; index += 1) await journal.append({ subject: 's', body });
        }),
      ),
    );
    grouped.push(10_000 / groupMs);
  }
  await journal.close();
  line(
    'journal, 200 appends at once, against an fsync per record',
    best(grouped) / best(each),
    `${Math.round(best(grouped) * 1_000)}/s`,
    `${Math.round(best(each) * 1_000)}/s`,
  );
}

async function startServer(): Promise<{ url: string; stop: () => void } | undefined> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const config = join(directory, 'nats.conf');
  writeFileSync(config, `listen: 127.0.0.1:${port}\njetstream { store_dir: "${join(directory, 'jetstream')}" }\n`);
  const child = spawn('nats-server', ['-c', config], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` },
  });
  const started = await Promise.race([once(child, 'spawn').then(() => true), once(child, 'error').then(() => false)]);
  return started ? { url: `nats://127.0.0.1:${port}`, stop: () => child.kill('SIGKILL') } : undefined;
}

async function pulls(): Promise<void> {
  const server = await startServer();
  if (server === undefined) {
    console.log('JetStream: left out, there is no nats-server');
    return;
  }
  const connection = await connect({ servers: server.url, waitOnFirstConnect: true, reconnectTimeWait: 50 });
  const client = jetstream(connection);
  const manager = await jetstreamManager(connection);
  const count = 20_000;
  const body = Buffer.alloc(256, 'x');
  const [raw, ours, single]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of ['raw', 'ours', 'single'] as const) {
      const name = `${way}-${round}`;
      const total = way === 'single' ? 2_000 : count;
      const stream = await openStream({ nats: { servers: server.url, name, maxInFlight: 500 } });
      await manager.streams.info(name);
      await Promise.all(Array.from({ length: total }, () => stream.publish('m', body)));
      if (way === 'ours') {
        let seen = 0;
        let finish = () => {};
        const all = new Promise<void>((resolve) => (finish = resolve));
        const ms = await timed(async () => {
          const worker = await BatchWorker.start(
            stream,
            { consumer: 'bench', batchSize: 1_000, maxInFlight: 4_000, topic: () => 'all', waitMs: 5 },
            (messages) => {
              seen += messages.length;
              if (seen >= total) finish();
            },
          );
          await all;
          await worker.whenIdle();
          void worker.stop();
        });
        ours.push(total / ms);
      } else {
        const ms = await timed(async () => {
          await manager.consumers.add(name, {
            durable_name: 'bench',
            ack_policy: AckPolicy.Explicit,
            ack_wait: nanos(30_000),
            max_ack_pending: 5_000,
          });
          const consumer = await client.consumers.get(name, 'bench');
          for (let seen = 0; seen < total;) {
            const batch: JsMsg[] = [];
            const size = way === 'raw' ? Math.min(1_000, total - seen) : 1;
            for await (const message of await consumer.fetch({ max_messages: size, expires: 5_000 }))
              batch.push(message);
            await Promise.all(batch.map((message) => message.ackAck()));
            seen += batch.length;
          }
        });
        (way === 'raw' ? raw : single).push(total / ms);
      }
      await stream.close();
      await manager.streams.delete(name).catch(() => undefined);
    }
  }
  const show = (values: readonly number[]) => perSecond(best(values) * 1_000, 1_000);
  line('batch consumer, against the client’s fetch(1000) + ackAck', best(ours) / best(raw), show(ours), show(raw));
  line('batch consumer, against one message at a time', best(ours) / best(single), show(ours), show(single));
  await connection.close();
  server.stop();
}

/** A million messages through a journal and a consumer; the heap at each tenth. */
async function flatMemory(): Promise<void> {
  const total = 1_000_000;
  const stream = await openStream({ journal: { directory: join(directory, 'memory'), maxBytes: 268_435_456 } });
  let seen = 0;
  const heaps: number[] = [];
  let finish = () => {};
  const all = new Promise<void>((resolve) => (finish = resolve));
  const worker = await BatchWorker.start(
    stream,
    { consumer: 'memory', batchSize: 2_000, topic: () => 'all', waitMs: 2 },
    (messages) => {
      const before = Math.floor(seen / (total / 10));
      seen += messages.length;
      if (Math.floor(seen / (total / 10)) > before) {
        globalThis.gc?.();
        heaps.push(Math.round(process.memoryUsage().heapUsed / 1_048_576));
      }
      if (seen >= total) finish();
    },
  );
  const body = Buffer.alloc(100, 'x');
  const ms = await timed(async () => {
    await Promise.all(
      Array.from({ length: 2_000 }, async () => {
        for (let index = 0; index < total / 2_000; index += 1)
          await stream.publish('m', body, { id: `${index}-${Math.random()}` });
      }),
    );
    await all;
  });
  await worker.stop();
  await stream.close();
  console.log(`a million messages, heap in MiB at each tenth: ${heaps.join(' ')}   (${perSecond(total, ms)})`);
}

try {
  await groupCommit();
  await pulls();
  await flatMemory();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);
