import { Call } from '../core/call.js';
import { ReliabilityError } from '../core/errors.js';
import { EventBus } from '../core/event-bus.js';
import { parseOptions } from '../core/options.js';
import type { Use } from '../core/use.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { Fallback } from './fallback.js';
import { type FallbackOptions, fallbackOptions } from './fallback.options.js';
import { stalenessOf } from './staleness.js';

const DOWN = new Error('down');
const USE: Use = { site: 'Rates.fetch' };

/** A service with a fallback around `fetch`, whose answers the test sets. */
function serviceWith(options: FallbackOptions, use: Use = USE) {
  const capabilities = testCapabilities();
  const fallback = new Fallback('rates', parseOptions(fallbackOptions, options, ''), capabilities);
  const service = {
    prefix: 'mine',
    lastKnown(...args: unknown[]) {
      return [this.prefix, ...args];
    },
    explode() {
      throw new Error('the fallback failed too');
    },
  };
  const callWith = (...args: unknown[]) => new Call('Rates.fetch', () => undefined, service, args);
  const gives = (value: unknown, ...args: unknown[]) => fallback.intercept(callWith(...args), () => value, use);
  const throws = (error: unknown, ...args: unknown[]) =>
    fallback.intercept(
      callWith(...args),
      () => {
        throw error;
      },
      use,
    );
  return { ...capabilities, fallback, service, callWith, gives, throws };
}

describe('Fallback', () => {
  it('leaves a good answer as it is, plain or promised', async () => {
    const { gives, fallback } = serviceWith({ value: 'instead' });
    const answer = { rate: 1 };
    expect(gives(answer)).toBe(answer);
    expect(await gives(Promise.resolve(answer))).toBe(answer);
    expect(fallback.inspect().answered).toEqual({ 'last-good': 0, method: 0, handler: 0, value: 0 });
  });

  it('answers with a value, at once for a throw and after the promise for a rejection', async () => {
    const { gives, throws } = serviceWith({ value: null });
    expect(throws(DOWN)).toBeNull();
    await expect(gives(Promise.reject(DOWN))).resolves.toBeNull();
  });

  it('asks a method of the same object with the arguments of the call, then the error', () => {
    const { throws } = serviceWith({ method: 'lastKnown' });
    expect(throws(DOWN, 'okx', 3)).toEqual(['mine', 'okx', 3, DOWN]);
  });

  it('asks a handler with the error, then the arguments, on the same object', () => {
    const { throws, service } = serviceWith({
      handler(this: unknown, error: unknown, ...args: unknown[]) {
        return [this, error, ...args];
      },
    });
    expect(throws(DOWN, 'okx')).toEqual([service, DOWN, 'okx']);
  });

  it('answers with the last good value of the same arguments, marked with its age', () => {
    const { gives, throws, clock, events } = serviceWith({ lastGood: {} });
    const btc = { rate: 1 };
    gives(btc, 'BTC');
    gives({ rate: 2 }, 'ETH');
    clock.advance(1_500);
    const answer = throws(DOWN, 'BTC');
    expect(answer).toBe(btc);
    expect(stalenessOf(answer)).toEqual({ ageMs: 1_500, error: DOWN });
    expect(events.of('fallback.answered')).toEqual([
      {
        type: 'fallback.answered',
        policy: 'rates',
        at: 1_500,
        call: 'Rates.fetch',
        source: 'last-good',
        ageMs: 1_500,
        error: DOWN,
      },
    ]);
  });

  it('asks the steps in order until one is meant for the error and does not fail', async () => {
    const { throws, gives, events, fallback } = serviceWith({
      steps: [
        { errors: ['rateLimit'], value: 'slow down' },
        { when: (error) => error === DOWN, method: 'explode' },
        { handler: () => Promise.reject(new Error('rejected too')) },
        { value: 'last' },
      ],
    });
    expect(throws(Object.assign(new Error('busy'), { status: 429 }))).toBe('slow down');
    await expect(throws(DOWN)).resolves.toBe('last');
    await expect(gives(Promise.reject(DOWN))).resolves.toBe('last');
    expect(
      events.of('fallback.failed').map(({ source, error, failure }) => [source, error, (failure as Error).message]),
    ).toEqual([
      ['method', DOWN, 'the fallback failed too'],
      ['handler', DOWN, 'rejected too'],
      ['method', DOWN, 'the fallback failed too'],
      ['handler', DOWN, 'rejected too'],
    ]);
    expect(fallback.inspect()).toMatchObject({
      steps: ['value', 'method', 'handler', 'value'],
      answered: { value: 3, method: 0, handler: 0, 'last-good': 0 },
      failedSteps: 4,
      unanswered: 0,
    });
  });

  it('gives the error of the call, not of the fallback, when every step failed', async () => {
    const { throws, fallback } = serviceWith({ method: 'explode' });
    expect(() => throws(DOWN)).toThrow(DOWN);
    const rejecting = serviceWith({ handler: () => Promise.reject(new Error('other')) });
    await expect(rejecting.throws(DOWN)).rejects.toBe(DOWN);
    expect(fallback.inspect()).toMatchObject({ failedSteps: 1, unanswered: 1 });
  });

  it('gives the error when no step is meant for it', () => {
    const { throws, fallback } = serviceWith({ errors: ['timeout'], value: 1 });
    expect(() => throws(DOWN)).toThrow(DOWN);
    expect(fallback.inspect()).toMatchObject({ failedSteps: 0, unanswered: 1 });
  });

  it('takes a condition that throws for a failed step', () => {
    const typo = new Error('typo');
    const { throws, events } = serviceWith({
      steps: [
        {
          when: () => {
            throw typo;
          },
          value: 1,
        },
        { value: 2 },
      ],
    });
    expect(throws(DOWN)).toBe(2);
    expect(events.of('fallback.failed')).toEqual([
      {
        type: 'fallback.failed',
        policy: 'rates',
        at: 0,
        call: 'Rates.fetch',
        source: 'value',
        error: DOWN,
        failure: typo,
      },
    ]);
  });

  it('goes by a classification of the user', () => {
    const { throws } = serviceWith({ errors: ['auth'], value: 1, classify: () => ({ errorClass: 'auth' }) });
    expect(throws(DOWN)).toBe(1);
  });

  it('answers refusals and deadlines of ours, and waits for promised answers', async () => {
    const { callWith, fallback } = serviceWith({ handler: async () => 'later' });
    const call = callWith();
    const refused = new ReliabilityError('no', { code: 'CIRCUIT_OPEN', policyType: 'x', policy: 'y', refused: true });
    call.abort(refused);
    await expect(
      fallback.intercept(
        call,
        () => {
          throw refused;
        },
        USE,
      ),
    ).resolves.toBe('later');
    expect(fallback.inspect().answered.handler).toBe(1);
  });

  it('does not answer a caller who gave up', () => {
    const { callWith, fallback } = serviceWith({ value: 1 });
    const call = callWith();
    call.abort(DOWN);
    expect(() =>
      fallback.intercept(
        call,
        () => {
          throw DOWN;
        },
        USE,
      ),
    ).toThrow(DOWN);
    expect(fallback.inspect()).toMatchObject({ answered: { value: 0 }, unanswered: 0 });
  });

  it.each(['INVALID_USE', 'INVALID_OPTIONS', 'UNKNOWN_POLICY'])(
    'does not hide a mistake in the program: %s',
    (code) => {
      const { throws } = serviceWith({ value: 1 });
      const mistake = new ReliabilityError('mistake', { code, policyType: 'x', policy: 'y' });
      expect(() => throws(mistake)).toThrow(mistake);
      const own = Object.assign(new Error('of the user'), { code });
      expect(throws(own)).toBe(1);
    },
  );

  it('says what is wrong with a method that does not exist', () => {
    const { throws, events } = serviceWith({ method: 'nowhere' });
    expect(() => throws(DOWN)).toThrow(DOWN);
    expect(events.of('fallback.failed')[0]!.failure).toMatchObject({
      code: 'INVALID_USE',
      message: `Rates.fetch: fallback for policy "rates": must name a method of the same object; got 'nowhere'`,
    });
  });

  it('answers a function without an object', () => {
    const { fallback, events } = serviceWith({ method: 'x' });
    const call = new Call('f', () => undefined, undefined, []);
    expect(() =>
      fallback.intercept(
        call,
        () => {
          throw DOWN;
        },
        USE,
      ),
    ).toThrow(DOWN);
    expect(events.of('fallback.failed')).toHaveLength(1);
  });

  describe('with the last good value', () => {
    it('keeps those of other arguments, methods and objects apart', () => {
      const { gives, throws, fallback } = serviceWith({ lastGood: {} });
      gives('btc', 'BTC', { depth: 1 });
      expect(() => throws(DOWN, 'ETH', { depth: 1 })).toThrow(DOWN);
      expect(() => throws(DOWN, 'BTC', { depth: 2 })).toThrow(DOWN);
      expect(throws(DOWN, 'BTC', { depth: 1 })).toBe('btc');
      const failing = (name: string, self: unknown) => () =>
        fallback.intercept(
          new Call(name, () => undefined, self, ['BTC', { depth: 1 }]),
          () => {
            throw DOWN;
          },
          USE,
        );
      expect(failing('Rates.other', {})).toThrow(DOWN);
      expect(failing('Rates.fetch', {})).toThrow(DOWN);
      expect(failing('Rates.fetch', undefined)).toThrow(DOWN);
    });

    it('goes by the key of the use where it has one, whatever the object', () => {
      const use: Use = { site: 'Rates.fetch', key: (call) => String(call.args[0]) };
      const { fallback, gives } = serviceWith({ lastGood: {} }, use);
      gives('btc', 'BTC', Symbol('anything'));
      const other = new Call('Rates.fetch', () => undefined, {}, ['BTC']);
      expect(
        fallback.intercept(
          other,
          () => {
            throw DOWN;
          },
          use,
        ),
      ).toBe('btc');
    });

    it('answers up to its age and not beyond, then goes on to the next answer', async () => {
      const { gives, throws, clock } = serviceWith({ lastGood: { maxAgeMs: 1_000 }, value: 'none' });
      expect(throws(DOWN)).toBe('none');
      await gives(Promise.resolve('good'));
      clock.advance(1_000);
      expect(throws(DOWN)).toBe('good');
      clock.advance(1);
      expect(throws(DOWN)).toBe('none');
    });

    it('is bounded in number', () => {
      const { gives, fallback } = serviceWith({ lastGood: { maxKeys: 3 } });
      for (let key = 0; key < 10; key += 1) gives(key, key);
      expect(fallback.inspect()).toMatchObject({ kept: 3, evicted: 7 });
    });

    it('keeps nothing where the arguments have no key, and counts that', () => {
      const { gives, throws, fallback } = serviceWith({ lastGood: {} });
      gives('x', new Map());
      expect(() => throws(DOWN, new Map())).toThrow(DOWN);
      expect(fallback.inspect()).toMatchObject({ kept: 0, withoutKey: 1 });
    });

    it('gives the good answer though keeping it failed, and tells of it', () => {
      const typo = new Error('typo');
      const { gives, events } = serviceWith({
        lastGood: {
          keep: () => {
            throw typo;
          },
        },
      });
      expect(gives('good')).toBe('good');
      expect(events.of('fallback.failed')).toMatchObject([{ source: 'last-good', error: undefined, failure: typo }]);
    });

    it('is not marked stale any more when it was given as fresh again', () => {
      const { gives, throws } = serviceWith({ lastGood: {} });
      const rates = { okx: 1 };
      gives(rates);
      throws(DOWN);
      expect(stalenessOf(rates)).toBeDefined();
      gives(rates);
      expect(stalenessOf(rates)).toBeUndefined();
    });

    it('is one of the steps where there are several', () => {
      const { gives, throws } = serviceWith({
        lastGood: {},
        steps: [{ errors: ['server'], lastGood: true }, { value: 'none' }],
      });
      gives('good');
      expect(throws(DOWN)).toBe('none');
      expect(throws(Object.assign(new Error('x'), { status: 500 }))).toBe('good');
    });
  });

  it('takes new options, and keeps good values that still may be kept', () => {
    const { fallback, gives, throws } = serviceWith({ lastGood: {} });
    const to = (options: FallbackOptions) => fallback.reconfigure(parseOptions(fallbackOptions, options, ''));
    gives('good');
    to({ lastGood: { maxAgeMs: 5 }, value: 'none' });
    expect(throws(DOWN)).toBe('good');
    to({ value: 'only', errors: ['auth'], classify: () => ({ errorClass: 'auth' }) });
    expect(throws(DOWN)).toBe('only');
    expect(fallback.inspect().kept).toBe(0);
    to({ lastGood: {} });
    expect(() => throws(DOWN)).toThrow(DOWN);
    gives('again');
    expect(throws(DOWN)).toBe('again');
  });

  it('builds no event that nobody listens to', () => {
    const capabilities = testCapabilities();
    const emit = new EventBus();
    const fallback = new Fallback('rates', parseOptions(fallbackOptions, { value: 1 }, ''), { ...capabilities, emit });
    const answered = fallback.intercept(
      new Call('f', () => undefined, undefined, []),
      () => {
        throw DOWN;
      },
      USE,
    );
    expect(answered).toBe(1);
    expect(capabilities.events.all).toEqual([]);
  });
});
