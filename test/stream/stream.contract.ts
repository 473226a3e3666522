import {
  BatchWorker,
  PartialFailure,
  textOf,
  type BatchWorkerOptions,
  type Stream,
  type StreamMessage,
} from '@marketprism/stream';

import { eventually } from '../engines/eventually.js';

export interface StreamUnderTest {
  readonly stream: Stream;
  /** Ends the consumer's process as a crash would, and gives the stream that a new process opens. */
  reopen(): Promise<Stream>;
  end(): Promise<void>;
}

const networkDown = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const badData = (text: string) => Object.assign(new TypeError(`cannot use ${text}`), { status: 422 });

/** What holds of every stream, whatever it is made of. */
export function describeStream(open: () => Promise<StreamUnderTest>): void {
  let subject: StreamUnderTest;
  let { stream }: { stream: Stream } = { stream: undefined as unknown as Stream };
  let workers: BatchWorker[] = [];

  beforeEach(async () => {
    subject = await open();
    stream = subject.stream;
  });

  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    workers = [];
    await subject.end();
  });

  const consume = async (
    handler: (messages: readonly StreamMessage[]) => Promise<void> | void,
    options: Partial<BatchWorkerOptions> = {},
  ) => {
    const worker = await BatchWorker.start(
      stream,
      { consumer: 'work', waitMs: 5, ackWaitMs: 2_000, ...options },
      handler,
      () => 0.5,
    );
    workers.push(worker);
    return worker;
  };
  const publish = (count: number, from = 0) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        stream.publish(`rates.k${(from + index) % 3}`, `m${from + index}`, { id: `id-${from + index}` }),
      ),
    );
  const range = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

  it('delivers what was published, whole, in batches', async () => {
    await stream.publish('rates.okx', JSON.stringify({ rate: '0.0001' }), {
      id: 'okx|BTC|1',
      headers: { trace: 'abc' },
    });
    await publish(99);
    const seen: StreamMessage[] = [];
    let batches = 0;
    await consume(
      (messages) => {
        batches += 1;
        seen.push(...messages);
      },
      { topic: () => 'all' },
    );
    await eventually(() => expect(seen).toHaveLength(100));
    expect(seen[0]).toMatchObject({ subject: 'rates.okx', id: 'okx|BTC|1', headers: { trace: 'abc' }, deliveries: 1 });
    expect(seen[0] && textOf(seen[0])).toBe('{"rate":"0.0001"}');
    expect(Math.abs((seen[0]?.acceptedAt ?? 0) - Date.now())).toBeLessThan(10_000);
    expect(batches).toBeLessThan(20);
  });

  it('stores an id once', async () => {
    const first = await stream.publish('rates.a', 'x', { id: 'same' });
    const second = await stream.publish('rates.a', 'x', { id: 'same' });
    expect([first.duplicate, second.duplicate]).toEqual([false, true]);
    expect(second.seq).toBe(first.seq);
    expect((await stream.stats()).messages).toBe(1);
  });

  it('does not deliver again, after a restart, what was done', async () => {
    await publish(20);
    const seen: string[] = [];
    const worker = await consume((messages) => void seen.push(...messages.map(textOf)));
    await eventually(() => expect(worker.snapshot().acked).toBe(20));
    await worker.stop();
    stream = await subject.reopen();
    await publish(1, 20);
    await consume((messages) => void seen.push(...messages.map(textOf)));
    await eventually(() => expect(seen).toContain('m20'));
    expect(seen.sort()).toEqual([...range(21)].sort());
  });

  it('delivers again what was returned when the consumer stopped', async () => {
    await publish(10);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const worker = await consume(() => held, { drainMs: 20 });
    await eventually(() => expect(worker.snapshot().outstanding).toBeGreaterThan(0));
    await worker.stop();
    release();
    const seen: string[] = [];
    await consume((messages) => void seen.push(...messages.map(textOf)));
    await eventually(() => expect(new Set(seen)).toEqual(new Set(range(10))));
  });

  it('keeps the order of each key, through failures and with other keys going on', async () => {
    await publish(60);
    const seen: string[] = [];
    let failing = 3;
    await consume(
      async (messages) => {
        if (messages.some((message) => message.subject === 'rates.k1') && failing > 0) {
          failing -= 1;
          throw new Error('not now');
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
        seen.push(...messages.map(textOf));
      },
      { key: ({ subject }) => subject, batchSize: 4, failures: { unknown: { baseMs: 5 } } },
    );
    await eventually(() => expect(seen).toHaveLength(60));
    for (const key of [0, 1, 2]) {
      const ofKey = seen.map((text) => Number(text.slice(1))).filter((n) => n % 3 === key);
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
    }
  });

  it('holds everything while the other side is away, and loses nothing', async () => {
    await publish(30);
    let attempts = 0;
    const seen: string[] = [];
    const worker = await consume(
      (messages) => {
        attempts += 1;
        if (attempts <= 6) throw networkDown();
        seen.push(...messages.map(textOf));
      },
      { failures: { network: { baseMs: 5, capMs: 10 } } },
    );
    await eventually(() => expect(worker.snapshot().acked).toBe(30));
    expect(seen.sort()).toEqual(range(30).sort());
    expect(worker.snapshot()).toMatchObject({ deadLettered: 0, returned: 0, isolations: 0 });
  });

  it('isolates one bad message, gives it up with its reason, and does the rest of its batch', async () => {
    await publish(40);
    const seen: string[] = [];
    const worker = await consume(
      (messages) => {
        if (messages.some((message) => textOf(message) === 'm17')) throw badData('m17');
        seen.push(...messages.map(textOf));
      },
      { topic: () => 'all', batchSize: 40 },
    );
    await eventually(() => expect(worker.snapshot()).toMatchObject({ acked: 39, deadLettered: 1, outstanding: 0 }));
    expect(seen.sort()).toEqual(
      range(40)
        .filter((text) => text !== 'm17')
        .sort(),
    );
    const letters = await stream.deadLetters.list();
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({
      consumer: 'work',
      reason: 'cannot use m17',
      message: { subject: 'rates.k2', id: 'id-17' },
    });
    expect(letters[0] && textOf(letters[0].message)).toBe('m17');
  });

  it('settles apart the messages that a handler names', async () => {
    await publish(10);
    const worker = await consume(
      (messages) => {
        const failures = new Map(
          messages
            .filter((message) => ['m3', 'm7'].includes(textOf(message)))
            .map((message) => [message, badData(textOf(message))]),
        );
        if (failures.size > 0) throw new PartialFailure(failures);
      },
      { topic: () => 'all' },
    );
    await eventually(() => expect(worker.snapshot()).toMatchObject({ acked: 8, deadLettered: 2 }));
    expect(worker.snapshot().isolations).toBe(0);
  });

  it('delivers a message again after a growing while, and gives it up after the last delivery', async () => {
    await publish(1);
    const deliveries: [number, number][] = [];
    const start = performance.now();
    const worker = await consume(
      ([message]) => {
        deliveries.push([message?.deliveries ?? 0, performance.now() - start]);
        throw new Error('odd');
      },
      { failures: { unknown: { attempts: 3, baseMs: 60 } } },
    );
    await eventually(() => expect(worker.snapshot().deadLettered).toBe(1));
    expect(deliveries.map(([count]) => count)).toEqual([1, 2, 3]);
    const [first = 0, second = 0, third = 0] = deliveries.map(([, at]) => at);
    expect(second - first).toBeGreaterThanOrEqual(50);
    expect(third - second).toBeGreaterThanOrEqual(110);
  });

  it('redrives dead letters under their own id', async () => {
    await publish(3);
    let bad = true;
    const seen: StreamMessage[] = [];
    const worker = await consume((messages) => {
      if (bad && messages.some((message) => textOf(message) === 'm1')) throw badData('m1');
      seen.push(...messages);
    });
    await eventually(async () => expect(await stream.deadLetters.count()).toBe(1));
    await eventually(() => expect(worker.snapshot().acked).toBe(2));
    bad = false;
    expect(await stream.deadLetters.redrive()).toBe(1);
    await eventually(() => expect(seen.map(({ id }) => id).sort()).toEqual(['id-0', 'id-1', 'id-2']));
    expect(await stream.deadLetters.count()).toBe(0);
  });

  it('takes no more than it may have in flight', async () => {
    await publish(50);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const worker = await consume(() => held, { maxInFlight: 12, batchSize: 5, concurrency: 2 });
    await eventually(() => expect(worker.snapshot().outstanding).toBe(12));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(worker.snapshot()).toMatchObject({ outstanding: 12, received: 12 });
    release();
    await eventually(() => expect(worker.snapshot().acked).toBe(50));
  });

  it('keeps slow work its own for longer than the wait for an acknowledgement', async () => {
    await publish(4);
    const worker = await consume(() => new Promise((resolve) => setTimeout(resolve, 2_500)), {
      ackWaitMs: 1_000,
      concurrency: 1,
      batchSize: 2,
      topic: () => 'all',
    });
    await eventually(() => expect(worker.snapshot().acked).toBe(4), 10_000);
    expect(worker.snapshot()).toMatchObject({ received: 4, redelivered: 0 });
  }, 15_000);

  it('consumes only its subjects', async () => {
    await publish(9);
    const seen: string[] = [];
    const worker = await consume((messages) => void seen.push(...messages.map(({ subject }) => subject)), {
      subjects: 'rates.k1',
    });
    await eventually(() => expect(worker.snapshot().acked).toBe(3));
    expect(new Set(seen)).toEqual(new Set(['rates.k1']));
  });
}
