import { parseOptions } from '../core/options.js';
import { undescribedOptions } from '../testing/option-descriptions.js';
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

const backoff = (kind: string, name: string) => (value: unknown) => ({ backoff: { kind, [name]: value } });
const budget = (form: string, name: string) => (value: unknown) => ({ budget: { form, [name]: value } });
const DAY_MS = 86_400_000;

it.each<[string, (value: unknown) => unknown, number, number]>([
  ['attempts', (attempts) => ({ attempts }), 1, 1_000_000],
  ['classes.server.attempts', (attempts) => ({ classes: { server: { attempts } } }), 1, 1_000_000],
  ['delayMs', backoff('fixed', 'delayMs'), 0, DAY_MS],
  ['baseMs', backoff('linear', 'baseMs'), 0, DAY_MS],
  ['stepMs', backoff('linear', 'stepMs'), 0, DAY_MS],
  ['capMs', backoff('linear', 'capMs'), 0, DAY_MS],
  ['factor', backoff('exponential', 'factor'), 1, 100],
  ['jitter', backoff('exponential', 'jitter'), 0, 1],
  ['ratio of tokens', budget('tokens', 'ratio'), 0, 10],
  ['minPerWindow', budget('tokens', 'minPerWindow'), 0, 1_000_000],
  ['ratio in flight', budget('inFlight', 'ratio'), 0, 10],
  ['minInFlight', budget('inFlight', 'minInFlight'), 0, 1_000_000],
  ['cost', (timeout) => ({ budget: { form: 'tokens', costs: { timeout } } }), 0, 1_000],
  ['retryAfter.minMs', (minMs) => ({ retryAfter: { minMs, maxMs: DAY_MS } }), 0, DAY_MS],
  ['retryAfter.maxMs', (maxMs) => ({ retryAfter: { minMs: 0, maxMs } }), 0, DAY_MS],
  ['expectedLatency', (expectedLatency) => ({ expectedLatency }), 0, DAY_MS],
  ['percentile', (percentile) => ({ expectedLatency: { percentile } }), 0, 1],
  ['history.size', (size) => ({ history: { size } }), 0, 10_000],
])('%s: from %d to %d', (_name, options, least, most) => {
  for (const value of [least, most]) expect(() => parse(options(value))).not.toThrow();
  for (const value of [least - 1, most + 1, Number.NaN])
    expect(() => parse(options(value))).toThrow('Invalid reliability options');
});

it.each<[string, (value: unknown) => unknown, number, number]>([
  ['target', backoff('adaptive', 'target'), 0, 1],
  ['memoryMs', backoff('adaptive', 'memoryMs'), 0, Infinity],
  ['windowMs of the budget', budget('tokens', 'windowMs'), 0, Infinity],
  ['windowMs of the expected latency', (windowMs) => ({ expectedLatency: { windowMs } }), 0, Infinity],
  ['minimumSamples', (minimumSamples) => ({ expectedLatency: { minimumSamples } }), 0, Infinity],
  ['withinMs', (withinMs) => ({ withinMs }), 0, Infinity],
])('%s: above %d, below %d', (name, options, below, above) => {
  expect(() => parse(options(name === 'minimumSamples' ? 1 : 0.001))).not.toThrow();
  for (const value of [below, above]) expect(() => parse(options(value))).toThrow('Invalid reliability options');
});

it.each<[(value: unknown) => unknown, unknown[]]>([
  [backoff('fixed', 'jitter'), ['none', 'proportional', 'equal', 'full', 0.3]],
  [backoff('exponential', 'jitter'), ['none', 'proportional', 'equal', 'full', 'decorrelated', 0.3]],
  [(beyond) => ({ retryAfter: { beyond } }), ['clamp', 'stop']],
  [(onExhausted) => ({ onExhausted }), ['throw-last', 'wrap']],
  [(of) => ({ history: { of } }), ['retried', 'all']],
  [(budget) => ({ budget }), [false]],
])('takes each of its choices and no other: %#', (options, choices) => {
  for (const choice of choices) expect(parse(options(choice))).toMatchObject(options(choice) as object);
  for (const other of ['', 'nothing', true]) expect(() => parse(options(other))).toThrow('Invalid reliability options');
});

it('spreads other delays than exponential ones in other ways than decorrelated', () => {
  expect(() => parse({ backoff: { kind: 'linear', jitter: 'decorrelated' } })).toThrow('Invalid reliability options');
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
  [{ backoff: 1 }, '  - retry.backoff: must be a strategy, its options or a function; got 1'],
  [{ idempotencyKey: 1 }, '  - retry.idempotencyKey: must be a function of the call; got 1'],
])('says what is wrong with %j', (options, message) => {
  expect(() => parse(options)).toThrow(message);
});

it('describes every option', () => {
  // What a class costs is said with the costs as a whole.
  const undescribed = undescribedOptions(retryOptions).filter((path) => !path.startsWith('.budget.costs.'));
  expect(undescribed).toEqual([]);
});
