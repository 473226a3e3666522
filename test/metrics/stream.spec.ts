import { BatchWorker, type EmbeddedStream, openStream, type Stream, textOf } from '@marketprism/stream';
import { bindStreamMetrics, STREAM_FAMILIES } from '@marketprism/stream/prometheus';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describeWithEngines } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { natsServer } from '../engines/nats.js';
import { checkMetrics } from './promtool.js';
import { Sightings } from './sightings.js';

/** A loaded machine takes its time. */
jest.setTimeout(60_000);
const PATIENCE_MS = 30_000;

const failure = (fields: object) => Object.assign(new Error('failed'), fields);

describeWithEngines(['nats-server', 'promtool'], 'the metrics of streams, where everything happens', () => {
  const directory = mkdtempSync(join(tmpdir(), 'stream-metrics-'));
  const registry = new Registry();
  const sightings = new Sightings();
  const scrape = async () => {
    const text = await registry.metrics();
    sightings.add(text);
    return text;
  };
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('tells of a consumer, its queue and its failures', async () => {
    const stream = await openStream({ journal: { directory: join(directory, 'work') } });
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    let returned = 0;
    const worker = await BatchWorker.start(
      stream,
      {
        consumer: 'work',
        perTopic: 1,
        batchSize: 2,
        maxInFlight: 3,
        waitMs: 1,
        failures: { unknown: { baseMs: 0, capMs: 0, attempts: 3 } },
      },
      async (messages) => {
        await held;
        if (messages.some((message) => textOf(message) === 'bad')) throw failure({ name: 'SyntaxError' });
        if (messages.some((message) => textOf(message) === 'again') && returned < 2) {
          returned += 1;
          throw failure({});
        }
      },
    );
    const sources = { consumers: () => [worker.snapshot()], stream };
    let unbind = bindStreamMetrics(registry, sources);
    const publish = (text: string) => stream.publish('rates', text, { id: text });
    await publish('good');
    await eventually(() => expect(worker.snapshot().queue.running).toBe(1), PATIENCE_MS);
    for (const text of ['bad', 'again', 'good', 'good', 'good', 'more']) await publish(text);
    await eventually(() => expect(worker.snapshot().queue.depth).toBe(2), PATIENCE_MS);
    await scrape();
    release();
    await eventually(() => {
      const { acked, deadLettered, redelivered } = worker.snapshot();
      expect([acked, deadLettered, redelivered > 0]).toEqual([3, 1, true]);
    }, PATIENCE_MS);
    const text = await scrape();
    expect(text).toContain('stream_consumer_settled_total{consumer="work",result="dead-lettered"} 1');
    expect(text).toMatch(/stream_consumer_settled_total\{consumer="work",result="returned"\} [1-9]/);
    expect(text).toContain('result="duplicate"} 3');
    // What a stream has to be asked for is as of the last answer: here the first one to those who bind it anew.
    unbind();
    unbind = bindStreamMetrics(registry, sources);
    await eventually(async () => expect(await scrape()).toMatch(/stream_dead_letters\{.*\} 1/), PATIENCE_MS);
    await worker.stop();
    unbind();
    await stream.close();
  });

  it('tells of a full journal, and of one that was damaged', async () => {
    const at = join(directory, 'journal');
    const journal = { directory: at, maxBytes: 1_048_576, segmentBytes: 65_536, maxRecordBytes: 60_000 };
    let stream: Stream = await openStream({ journal });
    let unbind = bindStreamMetrics(registry, { stream });
    for (const text of ['first', 'second', 'third']) await stream.publish('rates', `${text} record`);
    const big = Array.from({ length: 20 }, () => stream.publish('rates', 'x'.repeat(59_000)));
    await eventually(
      async () => expect(await scrape()).toMatch(/stream_journal_waiting_appends\{.*\} [1-9]/),
      PATIENCE_MS,
    );
    const worker = await BatchWorker.start(stream, { consumer: 'drain', waitMs: 1 }, () => undefined);
    await Promise.all(big);
    await worker.stop();
    await eventually(
      async () => expect(await scrape()).toMatch(/stream_journal_floor_sequence\{.*\} [1-9]/),
      PATIENCE_MS,
    );
    for (const text of ['fourth', 'fifth', 'sixth']) await stream.publish('rates', `${text} record`);
    unbind();
    await stream.close();

    const segment = readdirSync(at)
      .filter((name) => name.endsWith('.segment'))
      .map((name) => join(at, name))
      .find((file) => readFileSync(file).includes('fifth record'))!;
    const bytes = readFileSync(segment);
    bytes.write('FIFTH', bytes.indexOf('fifth record'));
    writeFileSync(segment, Buffer.concat([bytes, Buffer.from([1, 2, 3])]));
    stream = await openStream({ journal: { ...journal, onDamage: 'salvage' } });
    unbind = bindStreamMetrics(registry, { stream });
    const text = await scrape();
    expect(text).toContain(`stream_journal_damaged_parts{stream="${at}"} 1`);
    expect(text).toContain(`stream_journal_lost_records{stream="${at}"} 1`);
    expect(text).toContain(`stream_journal_torn_bytes{stream="${at}"} 3`);
    unbind();
    await stream.close();
    expect((stream as EmbeddedStream).kind).toBe('embedded');
  });

  it('tells of a server that was lost and found again', async () => {
    const server = await natsServer(directory);
    await server.start();
    const stream = await openStream({ nats: { servers: server.url, name: 'metrics', attemptMs: 500 } });
    const worker = await BatchWorker.start(stream, { consumer: 'work', waitMs: 1 }, () => undefined);
    const unbind = bindStreamMetrics(registry, { consumers: () => [worker.snapshot()], stream });
    try {
      await stream.publish('rates', 'one', { id: 'one' });
      await server.kill();
      await server.start();
      await stream.publish('rates', 'two', { id: 'two' });
      await eventually(
        async () => expect(await scrape()).toMatch(/stream_consumer_recoveries_total\{.*\} [1-9]/),
        60_000,
      );
      expect(checkMetrics(await scrape())).toBe('');
    } finally {
      unbind();
      await worker.stop();
      await stream.close();
      await server.stop();
    }
  }, 120_000);

  it('has shown every family with a value other than 0', () => {
    expect(sightings.missing(STREAM_FAMILIES)).toEqual([]);
  });
});
