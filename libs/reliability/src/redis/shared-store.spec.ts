import type { Clock } from '../core/clock.js';
import { settlePromises } from '../testing/manual-clock.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import type { RedisConnection } from './redis-connection.js';
import { redisConnection } from './redis-connection.js';
import { script, SharedStore, type SharedStoreOptions, StoreUnavailableError } from './shared-store.js';
import { afterFailure, AVAILABLE, mayProbe, whileProbing } from './store-health.js';

const SCRIPT = script('return 1');

/** A connection that answers each command as the test says. */
class ScriptedConnection implements RedisConnection {
  ready = true;
  readonly sent: string[] = [];
  answer: (command: string) => Promise<unknown> = () => Promise.resolve('ok');

  send(args: readonly string[]): Promise<unknown> {
    this.sent.push(args[0]!);
    return this.answer(args[0]!);
  }
}

function setUp(options: SharedStoreOptions = {}) {
  const capabilities = testCapabilities();
  const connection = new ScriptedConnection();
  const store = new SharedStore(connection, capabilities, { commandMs: 50, firstProbeMs: 100, ...options });
  const heard: boolean[] = [];
  store.onHealth((available) => heard.push(available));
  const run = () => store.run(SCRIPT, ['k'], ['a']).then(String, (error: unknown) => (error as Error).message);
  return { ...capabilities, connection, store, heard, run };
}

const hangs = () => new Promise<never>(() => undefined);

describe('SharedStore', () => {
  it('names the script by its hash, and sends its text when the server does not know it', async () => {
    const { connection, run } = setUp();
    expect(await run()).toBe('ok');
    connection.answer = (command) =>
      command === 'EVALSHA' ? Promise.reject(new Error('NOSCRIPT No matching script')) : Promise.resolve('loaded');
    expect(await run()).toBe('loaded');
    expect(connection.sent).toEqual(['EVALSHA', 'EVALSHA', 'EVAL']);
  });

  it('goes on when something else lies under a key: the server is well', async () => {
    const { connection, run, store } = setUp();
    connection.answer = () => Promise.reject(new Error('WRONGTYPE Operation against a key holding the wrong kind'));
    expect(await run()).toBe('Shared store: a command failed');
    expect([store.available, store.counters.failed, store.counters.outages]).toEqual([true, 1, 0]);
  });

  it('refuses options that cannot be', () => {
    expect(() => setUp({ commandMs: 0 })).toThrow(/sharedStore\.commandMs: .*; got 0/);
    expect(() => setUp({ longestProbeMs: NaN })).toThrow(/sharedStore\.longestProbeMs: .*; got NaN/);
    expect(() => setUp({ deadlineMs: 5 } as never)).toThrow('sharedStore.deadlineMs: is not an option; got 5');
  });

  it.each([undefined, null, 'redis://localhost', {}])('takes no client such as %p', (client) => {
    expect(() => redisConnection(client as never)).toThrow(
      'redisConnection: must be a client of node-redis or ioredis',
    );
  });

  it('waits for no answer longer than its deadline', async () => {
    const { connection, run, clock, store, heard } = setUp();
    connection.answer = hangs;
    const answer = run();
    await clock.run(49);
    expect(store.available).toBe(true);
    await clock.run(1);
    expect(await answer).toBe('Shared store: no answer within 50 ms');
    expect([store.available, ...heard]).toEqual([false, false]);
    expect(clock.pending).toBe(0);
  });

  it('reads what lies there when the process itself was held up, before it calls the store gone', async () => {
    const { clock, random } = testCapabilities();
    let heldUpMs = 0;
    const late: Clock = {
      now: () => clock.now() + heldUpMs,
      wallNow: () => 0,
      schedule: (delayMs, task) => clock.schedule(delayMs, task),
    };
    const connection = new ScriptedConnection();
    const store = new SharedStore(connection, { clock: late, random }, { commandMs: 50 });
    let answer: (answer: string) => void = () => undefined;
    connection.answer = () => new Promise((resolve) => (answer = resolve));
    const heard = store.run(SCRIPT, ['k'], []);
    heldUpMs = 150;
    await clock.run(50);
    answer('unread until now');
    expect(await heard).toBe('unread until now');
    const unheard = store.run(SCRIPT, ['k'], []).catch((error: unknown) => (error as Error).message);
    heldUpMs = 300;
    await clock.run(55);
    expect(await unheard).toBe('Shared store: no answer within 50 ms');
  });

  it('sends nothing while the client is not connected', async () => {
    const { connection, run } = setUp();
    connection.ready = false;
    expect(await run()).toBe('Shared store: the client is not connected');
    expect(connection.sent).toEqual([]);
  });

  it('fails at once while it is away, and sends one probe at a time', async () => {
    const { connection, run, clock, store, heard } = setUp();
    connection.answer = hangs;
    void run();
    await clock.run(50);
    for (let index = 0; index < 10; index += 1) expect(await run()).toBe('Shared store: not available');
    expect(connection.sent).toEqual(['EVALSHA']);
    await clock.run(100);
    for (let index = 0; index < 10; index += 1) await run();
    expect(connection.sent).toEqual(['EVALSHA', 'SET']);
    await clock.run(50);
    expect(store.available).toBe(false);
    connection.answer = () => Promise.resolve('OK');
    await clock.run(250);
    expect(await run()).toBe('Shared store: not available');
    await settlePromises();
    expect([store.available, ...heard]).toEqual([true, false, true]);
    expect(await run()).toBe('OK');
    expect(store.counters).toMatchObject({ outages: 1 });
  });

  it('takes the failure of many commands under way as one', async () => {
    const { connection, run, clock, heard, store } = setUp();
    connection.answer = hangs;
    const answers = Array.from({ length: 20 }, run);
    await clock.run(50);
    await Promise.all(answers);
    expect(heard).toEqual([false]);
    expect(store.counters).toMatchObject({ failed: 20, outages: 1 });
  });

  it('is away when the server answers with an error, which it names as the cause', async () => {
    const { connection, store } = setUp();
    connection.answer = () => Promise.reject(new Error('OOM command not allowed'));
    const error: unknown = await store.run(SCRIPT, ['k'], []).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      refused: true,
      cause: { message: 'OOM command not allowed' },
    });
    expect(store.available).toBe(false);
  });

  it('bounds the commands under way', async () => {
    const { connection, run, store } = setUp({ maxInFlight: 2 });
    connection.answer = hangs;
    void run();
    void run();
    expect(await run()).toBe('Shared store: 2 commands under way');
    expect(store.available).toBe(true);
  });

  it('does not probe by itself: only when asked for something', async () => {
    const { connection, run, clock, store } = setUp();
    connection.answer = () => Promise.reject(new Error('down'));
    await run();
    await clock.run(60_000);
    expect(connection.sent).toEqual(['EVALSHA']);
    store.tryAgain();
    expect(connection.sent).toEqual(['EVALSHA', 'SET']);
  });
});

describe('store health', () => {
  const times = { firstMs: 100, longestMs: 1_000 };

  it('doubles the time between probes up to the longest, spread over its upper half', () => {
    let health = AVAILABLE;
    const pauses: number[] = [];
    for (let failure = 0; failure < 6; failure += 1) {
      health = afterFailure(health, 0, 1, times);
      pauses.push(health.kind === 'unavailable' ? health.probeAt : NaN);
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(afterFailure(AVAILABLE, 0, 0, times)).toMatchObject({ probeAt: 50, since: 0, failures: 1 });
    expect(afterFailure(health, 500, 0, times)).toMatchObject({ since: 0, failures: 7 });
  });

  it('lets one probe be under way at a time, not before its time', () => {
    const health = afterFailure(AVAILABLE, 0, 1, times);
    expect([mayProbe(AVAILABLE, 0), mayProbe(health, 99), mayProbe(health, 100)]).toEqual([false, false, true]);
    expect(mayProbe(whileProbing(health), 100)).toBe(false);
    expect(whileProbing(AVAILABLE)).toBe(AVAILABLE);
  });
});

describe('redisConnection', () => {
  it('speaks to a client of node-redis', async () => {
    const sent: unknown[] = [];
    const client = { isReady: false, sendCommand: (args: readonly string[]) => Promise.resolve(sent.push(args)) };
    const connection = redisConnection(client);
    await connection.send(['GET', 'a'], 'a');
    expect([connection.ready, sent]).toEqual([false, [['GET', 'a']]]);
  });

  it('speaks to a cluster of node-redis, naming the key', async () => {
    const sent: unknown[] = [];
    const client = {
      isReady: true,
      masters: [],
      sendCommand: (...args: unknown[]) => Promise.resolve(sent.push(args)),
    };
    await redisConnection(client).send(['GET', 'a'], 'a');
    expect(sent).toEqual([['a', false, ['GET', 'a']]]);
  });

  it('speaks to a client of ioredis', async () => {
    const sent: unknown[] = [];
    const client = { status: 'ready', call: (...args: unknown[]) => Promise.resolve(sent.push(args)) };
    const connection = redisConnection(client);
    await connection.send(['GET', 'a'], 'a');
    expect([connection.ready, redisConnection({ ...client, status: 'reconnecting' }).ready, sent]).toEqual([
      true,
      false,
      [['GET', ['a']]],
    ]);
  });

  it('takes any connection as it is', () => {
    const connection = new ScriptedConnection();
    expect(redisConnection(connection)).toBe(connection);
  });
});
