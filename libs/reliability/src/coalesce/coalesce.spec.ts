import { Call } from '../core/call.js';
import { parseOptions } from '../core/options.js';
import { PLAIN_USE } from '../core/use.js';
import { endingOf, pendingWork } from '../testing/pending-work.js';
import { testContext } from '../testing/test-context.js';
import { type CoalesceOptions, coalesceOptions } from './coalesce.options.js';
import { coalescePolicy } from './coalesce.js';

const setUp = (options: CoalesceOptions = {}) => {
  const context = testContext();
  const policy = coalescePolicy.create('rates', parseOptions(coalesceOptions, options, 'coalesce'), context);
  const self = {};
  const callOf = (...args: unknown[]) => new Call('Rates.fetch', () => undefined, self, args);
  return { policy, callOf, clock: context.clock };
};

describe('Coalesce', () => {
  it('lets equal calls in flight share one result, and runs again when it is there', async () => {
    const { policy, callOf } = setUp();
    const work = pendingWork<string>();
    const next = jest.fn(() => work.promise);
    const results = [callOf('BTC', { depth: 1 }), callOf('BTC', { depth: 1 })].map((call) =>
      policy.intercept(call, next, PLAIN_USE),
    );
    expect(policy.inspect()).toMatchObject({ calls: 2, shared: 1, inFlight: 1 });
    work.resolve('rate');
    expect(await Promise.all(results)).toEqual(['rate', 'rate']);
    expect(next).toHaveBeenCalledTimes(1);
    expect(policy.inspect()).toMatchObject({ inFlight: 0 });
    policy.intercept(callOf('BTC', { depth: 1 }), next, PLAIN_USE);
    expect(next).toHaveBeenCalledTimes(2);
  });

  it('keeps calls with other arguments, of other objects and without a key apart', () => {
    const { policy, callOf } = setUp();
    const next = jest.fn(() => new Promise(() => undefined));
    policy.intercept(callOf('BTC'), next, PLAIN_USE);
    policy.intercept(callOf('ETH'), next, PLAIN_USE);
    policy.intercept(new Call('Rates.fetch', () => undefined, {}, ['BTC']), next, PLAIN_USE);
    policy.intercept(
      callOf(() => 1),
      next,
      PLAIN_USE,
    );
    expect(next).toHaveBeenCalledTimes(4);
    expect(policy.inspect()).toMatchObject({ shared: 0, withoutKey: 1, inFlight: 3 });
  });

  it('shares a failure too, and a plain value is not shared', async () => {
    const { policy, callOf } = setUp();
    const work = pendingWork();
    const results = [callOf(1), callOf(1)].map((call) => policy.intercept(call, () => work.promise, PLAIN_USE));
    const down = new Error('down');
    work.reject(down);
    expect(await Promise.all(results.map(endingOf))).toEqual([{ error: down }, { error: down }]);
    expect(policy.intercept(callOf(1), () => 5, PLAIN_USE)).toBe(5);
  });

  it('leaves the others their result when one caller gives up, and aborts the work when all have', async () => {
    const { policy, callOf } = setUp();
    const work = pendingWork<string>();
    let running!: Call;
    const next = (call: Call) => {
      running = call;
      return work.promise;
    };
    const callers = [new AbortController(), new AbortController()];
    const results = callers.map(({ signal }) => {
      const call = callOf('BTC');
      call.follow(signal);
      return policy.intercept(call, next, PLAIN_USE);
    });
    callers[0]!.abort('gone');
    expect(await endingOf(results[0])).toEqual({ error: 'gone' });
    expect(await endingOf(results[1])).toBe('pending');
    expect(running.aborted).toBe(false);
    callers[1]!.abort('gone too');
    expect(running.aborted).toBe(true);
    expect(running.reason).toBe('gone too');
  });

  it('ends the wait of a follower at its own deadline', async () => {
    const { policy, callOf, clock } = setUp();
    const next = () => new Promise(() => undefined);
    policy.intercept(callOf('BTC'), next, PLAIN_USE);
    const follower = callOf('BTC');
    follower.deadline = 50;
    const result = policy.intercept(follower, next, PLAIN_USE);
    clock.advance(50);
    expect(await endingOf(result)).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED' } });
  });

  it('does not join work that ends before the caller has to have its result', () => {
    const { policy, callOf } = setUp();
    const next = jest.fn(() => new Promise(() => undefined));
    const hasty = callOf('BTC');
    hasty.deadline = 10;
    policy.intercept(hasty, next, PLAIN_USE);
    policy.intercept(callOf('BTC'), next, PLAIN_USE);
    expect(next).toHaveBeenCalledTimes(2);
  });

  it('runs what exceeds maxKeys on its own, and copies where asked to', async () => {
    const { policy, callOf } = setUp({ maxKeys: 1, copy: true });
    const work = pendingWork<{ rate: number }>();
    const first = policy.intercept(callOf(1), () => work.promise, PLAIN_USE);
    const second = policy.intercept(callOf(1), () => work.promise, PLAIN_USE);
    policy.intercept(callOf(2), () => work.promise, PLAIN_USE);
    const value = { rate: 1 };
    work.resolve(value);
    expect(await first).toBe(value);
    expect(await second).not.toBe(value);
    expect(await second).toEqual(value);
    expect(policy.inspect()).toMatchObject({ overflowed: 1 });
  });
});
