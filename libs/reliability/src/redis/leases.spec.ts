import { settlePromises } from '../testing/manual-clock.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { Leases } from './leases.js';
import type { SharedAnswer } from './shared-limit.js';

const KEY = 'key:a';

/** A server that answers as the test says, and remembers what it was asked. */
function setUp(options = { leaseMs: 0, maxLeaseShare: 1, maxKeys: 10 }) {
  const { clock } = testCapabilities();
  const asked: unknown[][] = [];
  const answers: (() => Promise<SharedAnswer>)[] = [];
  const owing = new Map<string, readonly number[]>();
  const refilled: string[] = [];
  const held: number[] = [];
  const limit = {
    capacity: 100,
    memoryMs: 1_000,
    lease: (key: string, most: number, least: number, cold: boolean) => {
      asked.push(['lease', key, most, least, cold]);
      return answers.shift()?.() ?? new Promise<never>(() => undefined);
    },
    owe: (key: string, permits: readonly number[]) => Promise.resolve(asked.push(['owe', key, permits])),
    refund: (key: string, cost: number) => {
      asked.push(['refund', key, cost]);
      return Promise.resolve({ permits: cost, waitMs: 0, takenAt: 0, remaining: 0 });
    },
  };
  const leases: Leases = new Leases(
    clock,
    {
      limitOf: () => limit,
      isCold: () => false,
      owed: (key) => owing.get(key),
      settle: (key) => void owing.delete(key),
      onRefilled: (key, now) => {
        refilled.push(key);
        held.push(leases.of(key, now).permits);
      },
    },
    options,
  );
  const granted = (permits: number) => () => Promise.resolve({ permits, waitMs: 0, takenAt: 5, remaining: 7 });
  const denied = (waitMs: number) => () => Promise.resolve({ permits: 0, waitMs, takenAt: 5, remaining: 3 });
  const refill = async (needed: number, least: number) => {
    leases.refill(leases.of(KEY, clock.now()), needed, least, clock.now());
    await settlePromises();
    return leases.of(KEY, clock.now());
  };
  return { clock, leases, asked, answers, owing, refilled, held, granted, denied, refill };
}

describe('Leases', () => {
  it('take a denial to concern those who ask for as many or more, not those who ask for fewer', async () => {
    const { answers, denied, refill } = setUp();
    answers.push(denied(400));
    const lease = await refill(5, 5);
    expect([4, 5, 6].map((cost) => lease.isDenied(cost, 399))).toEqual([false, true, true]);
    expect(lease.isDenied(5, 400)).toBe(false);
  });

  it('strict: give what nobody takes back before they ask for more, so that mixed costs do not wait for each other', async () => {
    const { asked, answers, granted, held, refill } = setUp();
    answers.push(granted(3));
    const lease = await refill(6, 1);
    expect(held).toEqual([3, 0]);
    expect(asked).toEqual([
      ['lease', KEY, 6, 1, false],
      ['refund', KEY, 3],
    ]);
    expect([lease.permits, lease.refilling]).toEqual([0, false]);
  });

  it('tell the server what it is owed before they ask for more, and once', async () => {
    const { asked, answers, denied, owing, refill } = setUp();
    owing.set(KEY, [3, 0]);
    answers.push(denied(1), denied(1));
    await refill(1, 1);
    await refill(1, 1);
    expect(asked).toEqual([
      ['owe', KEY, [3, 0]],
      ['lease', KEY, 1, 1, false],
      ['lease', KEY, 1, 1, false],
    ]);
  });

  it('say that the state of a key is lost if the server does not know it, when something was taken of it a while ago', async () => {
    const { asked, answers, clock, denied, granted, refill } = setUp();
    answers.push(denied(1), granted(1), granted(1), granted(1));
    await refill(1, 1);
    await refill(1, 1);
    clock.advance(999);
    await refill(1, 1);
    clock.advance(1_000);
    await refill(1, 1);
    const colds = asked.filter(([operation]) => operation === 'lease').map(([, , , , cold]) => cold);
    expect(colds).toEqual([false, false, true, false]);
  });

  it('do not ask for ever when answers take longer than a lease lasts', async () => {
    const { asked, answers, clock, refill } = setUp({ leaseMs: 10, maxLeaseShare: 1, maxKeys: 10 });
    let answer: (answer: SharedAnswer) => void = () => undefined;
    answers.push(() => new Promise((resolve) => (answer = resolve)));
    const lease = await refill(1, 1);
    clock.advance(10);
    answer({ permits: 32, waitMs: 0, takenAt: 5, remaining: 0 });
    await settlePromises();
    expect(lease.failedUntil).toBe(60);
    expect(asked).toEqual([
      ['lease', KEY, 32, 1, false],
      ['refund', KEY, 32],
    ]);
  });
});
