import { parseOptions } from '../core/options.js';
import { exponential } from './backoff.js';
import { retryOptions } from './retry.options.js';

const parse = (options: unknown) => parseOptions(retryOptions, options, 'retry');

it('needs nothing', () => {
  expect(parse({})).toEqual({
    classes: {},
    retryAfter: { minMs: 100, maxMs: 60_000, beyond: 'clamp' },
    budget: { form: 'tokens', ratio: 0.2, minPerWindow: 100, windowMs: 10_000, costs: {} },
    expectedLatency: { percentile: 0.5, minimumSamples: 10, windowMs: 60_000 },
    rules: [],
    onExhausted: 'throw-last',
    history: { size: 50, of: 'retried' },
  });
});

it.each([
  [{ kind: 'fixed' }, { kind: 'fixed', delayMs: 1_000, jitter: 'proportional' }],
  [{ kind: 'linear' }, { kind: 'linear', baseMs: 1_000, capMs: 60_000, jitter: 'proportional' }],
  [{ kind: 'exponential' }, { kind: 'exponential', baseMs: 1_000, factor: 2, capMs: 60_000, jitter: 'proportional' }],
  [{ kind: 'fibonacci' }, { kind: 'fibonacci', baseMs: 1_000, capMs: 60_000, jitter: 'proportional' }],
  [{ kind: 'decorrelated' }, { kind: 'decorrelated', baseMs: 1_000, capMs: 60_000 }],
  [
    { kind: 'adaptive' },
    { kind: 'adaptive', baseMs: 1_000, capMs: 60_000, target: 0.7, memoryMs: 60_000, jitter: 'proportional' },
  ],
])('fills up the strategy %j', (backoff, expected) => {
  expect(parse({ backoff }).backoff).toEqual(expected);
});

it('fills up the share form of the budget', () => {
  expect(parse({ budget: { form: 'inFlight' } }).budget).toEqual({
    form: 'inFlight',
    ratio: 0.2,
    minInFlight: 3,
    costs: {},
  });
});

it('takes functions and strategies as they are', () => {
  const [strategy, delay, retryIf, rule, idempotencyKey] = [
    exponential(),
    () => 5,
    () => true,
    () => undefined,
    () => 'key',
  ];
  expect(parse({ backoff: strategy, retryIf, rules: [rule], idempotencyKey })).toMatchObject({
    backoff: strategy,
    retryIf,
    rules: [rule],
    idempotencyKey,
  });
  expect(parse({ backoff: delay }).backoff).toBe(delay);
});

it('takes the ends of its ranges', () => {
  expect(() =>
    parse({
      attempts: 1,
      backoff: { kind: 'exponential', baseMs: 0, factor: 1, capMs: 86_400_000, jitter: 0 },
      classes: { server: { attempts: 1_000_000 } },
      budget: { form: 'tokens', ratio: 0, minPerWindow: 0, costs: { timeout: 0, hedge: 1_000 } },
      retryAfter: { minMs: 50, maxMs: 50 },
      expectedLatency: 0,
      history: { size: 10_000 },
    }),
  ).not.toThrow();
});

it('reports everything wrong at once', () => {
  expect(() =>
    parse({
      attempts: 0,
      retries: 3,
      backoff: { kind: 'exponential', baseMs: -1, factor: 0.5, jitter: 1.5 },
      classes: { sever: {}, server: { attempts: 1.5 } },
      withinMs: 0,
      retryAfter: { minMs: 200, maxMs: 100 },
      budget: { form: 'tokens', ratio: 11, costs: { timeout: -1 } },
      expectedLatency: { percentile: 2 },
      idempotent: 'yes',
      idempotencyKey: 'id',
      retryIf: true,
      rules: [1],
      onExhausted: 'throw',
      history: { size: -1, of: 'some' },
    }),
  ).toThrow(
    expect.objectContaining({
      problems: expect.arrayContaining(
        [
          'retry.attempts',
          'retry.retries',
          'retry.backoff.baseMs',
          'retry.backoff.factor',
          'retry.classes.sever',
          'retry.classes.server.attempts',
          'retry.withinMs',
          'retry.retryAfter.minMs',
          'retry.budget.ratio',
          'retry.budget.costs.timeout',
          'retry.expectedLatency.percentile',
          'retry.idempotent',
          'retry.idempotencyKey',
          'retry.retryIf',
          'retry.rules.0',
          'retry.onExhausted',
          'retry.history.size',
          'retry.history.of',
        ].map((path) => expect.objectContaining({ path })),
      ) as unknown,
    }) as Error,
  );
});

it.each([
  [{ retryAfter: { minMs: 200, maxMs: 100 } }, '  - retry.retryAfter.minMs: must not exceed maxMs; got 200'],
  [{ retryIf: 1 }, '  - retry.retryIf: must be a function of the error; got 1'],
  [{ rules: [1] }, '  - retry.rules.0: must be a function of the error; got 1'],
  [{ idempotencyKey: 1 }, '  - retry.idempotencyKey: must be a function of the call; got 1'],
])('says what is wrong with %j', (options, message) => {
  expect(() => parse(options)).toThrow(message);
});

it('describes every option', () => {
  const undescribed = Object.entries(retryOptions.shape).filter(([, { description = '' }]) => description.length < 10);
  expect(undescribed.map(([name]) => name)).toEqual([]);
});
