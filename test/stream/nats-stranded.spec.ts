import { BatchWorker, openStream, textOf, type Stream } from '@marketprism/stream';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describeWithEngines, type Engine } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { natsServer } from '../engines/nats.js';

/** A server that fell behind its consumers is made by putting back what it had on disk for its messages earlier. */
describeWithEngines(['nats-server'], 'a server that remembers less of its messages than of its consumer', () => {
  let directory: string;
  let server: Engine & { readonly url: string };
  let stream: Stream;
  let worker: BatchWorker | undefined;
  let handled: string[];

  const onDisk = () => join(directory, 'jetstream/jetstream/$G/streams/queue/msgs');
  const kept = () => join(directory, 'kept');
  const open = () => openStream({ nats: { servers: server.url, name: 'queue', attemptMs: 500 } });

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'nats-stranded-'));
    server = await natsServer(directory);
    await server.start();
    stream = await open();
    handled = [];
  });

  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
    await stream.close();
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  const publish = (...ids: string[]) =>
    Promise.all(ids.map((id) => stream.publish(`rates.${id}`, id, { id, deadlineMs: 60_000 })));

  /** Copies the messages of the stream as they are now, then begins to consume. */
  async function keepThenConsume(subjects: string): Promise<void> {
    await stream.close();
    await server.stop();
    cpSync(onDisk(), kept(), { recursive: true });
    await server.start();
    stream = await open();
    worker = await BatchWorker.start(
      stream,
      { consumer: 'work', subjects, waitMs: 2, ackWaitMs: 2_000 },
      (messages) => {
        handled.push(...messages.map(textOf));
      },
    );
  }

  async function putBack(): Promise<void> {
    await server.stop();
    rmSync(onDisk(), { recursive: true });
    cpSync(kept(), onDisk(), { recursive: true });
    await server.start();
  }

  const left = (count: number) => eventually(async () => expect((await stream.stats()).messages).toBe(count), 60_000);

  it.each(['>', 'rates.>'])(
    'empties a stream in which acknowledged messages are back, subjects %s',
    async (subjects) => {
      await publish('a', 'b', 'c');
      await keepThenConsume(subjects);
      await left(0);
      await putBack();
      await left(0);
      expect(new Set(handled)).toEqual(new Set(['a', 'b', 'c']));
    },
    150_000,
  );

  it('delivers new messages in the places of lost ones', async () => {
    await publish('a');
    await keepThenConsume('>');
    await publish('b', 'c', 'd', 'e');
    await left(0);
    await putBack();
    await publish('f', 'g');
    await left(0);
    expect(new Set(handled)).toEqual(new Set(['a', 'b', 'c', 'd', 'e', 'f', 'g']));
  }, 150_000);

  it("leaves another consumer's messages where they are", async () => {
    await publish('a');
    await stream.publish('elsewhere', 'x', { id: 'x' });
    await keepThenConsume('rates.>');
    await left(1);
    await putBack();
    await left(1);
    expect(handled).not.toContain('x');
  }, 150_000);
});
