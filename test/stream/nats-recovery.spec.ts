import { BatchWorker, openStream, textOf, type Stream } from '@marketprism/stream';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describeWithEngines, type Engine } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { natsServer } from '../engines/nats.js';

describeWithEngines(['nats-server'], 'a consumer whose server fails', () => {
  const directory = mkdtempSync(join(tmpdir(), 'nats-recovery-'));
  let server: Engine & { readonly url: string };
  let stream: Stream;
  let worker: BatchWorker;
  let admin: NatsConnection;
  let streams = 0;
  let seen = new Map<string, number>();

  beforeAll(async () => {
    server = await natsServer(directory);
    await server.start();
    admin = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  });

  afterAll(async () => {
    await admin.close();
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  const name = () => `recovery-${streams}`;

  beforeEach(async () => {
    streams += 1;
    seen = new Map();
    stream = await openStream({ nats: { servers: server.url, name: name(), attemptMs: 500 } });
    worker = await BatchWorker.start(stream, { consumer: 'work', waitMs: 2, ackWaitMs: 2_000 }, (messages) => {
      for (const message of messages) seen.set(textOf(message), (seen.get(textOf(message)) ?? 0) + 1);
    });
  });

  afterEach(async () => {
    await worker.stop();
    await stream.close();
  });

  const publish = (from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, index) =>
        stream.publish('m', `${from + index}`, { id: `${from + index}` }),
      ),
    );
  const sawAll = (to: number) => expect([...seen.keys()].filter((text) => Number(text) < 10_000)).toHaveLength(to);

  it('loses nothing when the server is killed again and again', async () => {
    for (let round = 0; round < 3; round += 1) {
      const publishing = publish(round * 500, (round + 1) * 500);
      await new Promise((resolve) => setTimeout(resolve, 20 + 30 * round));
      await server.kill();
      await server.start();
      const back = performance.now();
      await publishing;
      await eventually(() => sawAll((round + 1) * 500), 10_000);
      await publish(10_000 + round, 10_001 + round);
      await eventually(() => expect(seen.has(`${10_000 + round}`)).toBe(true));
      expect(performance.now() - back).toBeLessThan(5_000);
    }
    await eventually(async () => expect((await stream.stats()).messages).toBe(0), 60_000);
  }, 120_000);

  it('delivers within a second of the server being back', async () => {
    await publish(0, 1);
    await eventually(() => sawAll(1));
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.start();
    const back = performance.now();
    await publish(1, 2);
    await eventually(() => sawAll(2));
    expect(performance.now() - back).toBeLessThan(1_000);
  }, 20_000);

  it('makes its consumer again when somebody deletes it', async () => {
    await publish(0, 5);
    await eventually(() => sawAll(5));
    await (await jetstreamManager(admin)).consumers.delete(name(), 'work');
    const gone = performance.now();
    await publish(5, 10);
    await eventually(() => sawAll(10));
    expect(performance.now() - gone).toBeLessThan(1_000);
  });

  it('makes the stream again when it has vanished', async () => {
    await publish(0, 5);
    await eventually(() => sawAll(5));
    await eventually(() => expect(worker.snapshot().outstanding).toBe(0));
    await (await jetstreamManager(admin)).streams.delete(name());
    await publish(5, 10);
    await eventually(() => sawAll(10), 10_000);
  }, 20_000);

  it('goes on when a server that hung comes round', async () => {
    await publish(0, 5);
    await eventually(() => sawAll(5));
    server.hang();
    const publishing = publish(5, 10);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    server.resume();
    await publishing;
    await eventually(() => sawAll(10), 10_000);
  }, 20_000);

  it('says so when there is no server', async () => {
    await expect(openStream({ nats: { servers: 'nats://127.0.0.1:1', connectMs: 300 } })).rejects.toThrow(
      'no NATS server at nats://127.0.0.1:1 within 300 ms',
    );
  });

  it('refuses, and then takes, what a full stream has no room for', async () => {
    const full = await openStream({
      nats: { servers: server.url, name: `${name()}-full`, maxBytes: 1_048_576, deadlineMs: 400 },
    });
    const big = 'x'.repeat(300_000);
    for (const id of ['1', '2', '3']) await full.publish('m', big, { id });
    await expect(full.publish('m', big, { id: '4' })).rejects.toMatchObject({ code: 'FULL' });
    const drain = await BatchWorker.start(full, { consumer: 'work', waitMs: 2 }, () => undefined);
    await eventually(async () => expect((await full.stats()).messages).toBe(0));
    await full.publish('m', big, { id: '4' });
    await drain.stop();
    await full.close();
  });
});
