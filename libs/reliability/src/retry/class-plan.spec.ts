import { ERROR_CLASSES, type ErrorClass } from '../core/error-class.js';
import { parseOptions } from '../core/options.js';
import { exponential } from './backoff.js';
import { backoffOf, mayLookAtTime, planClasses } from './class-plan.js';
import { type RetryOptions, retryOptions } from './retry.options.js';

const plansOf = (options: RetryOptions) => planClasses(parseOptions(retryOptions, options, 'retry'));
const attempts = (options: RetryOptions) => {
  const plans = plansOf(options);
  return Object.fromEntries(ERROR_CLASSES.map((errorClass) => [errorClass, plans[errorClass].attempts]));
};
/** Delays in the middle of their jitter. */
const delays = (options: RetryOptions, errorClass: ErrorClass, retries = 3) => {
  const { backoff, learner } = plansOf(options)[errorClass];
  return Array.from({ length: retries }, (_, index) =>
    backoff.delayMs({
      retry: index + 1,
      chance: 0.5,
      previousChance: 0.5,
      previousMs: 0,
      elapsedMs: 0,
      learnedMs: learner?.delayMs(0) ?? 0,
    }),
  );
};

it('has the preset attempts by class', () => {
  expect(attempts({})).toEqual({
    network: 5,
    timeout: 3,
    rateLimit: 3,
    server: 4,
    client: 1,
    auth: 1,
    data: 2,
    unknown: 5,
  });
});

it.each<[ErrorClass, number]>([
  ['network', 2_000],
  ['rateLimit', 5_000],
  ['server', 1_000],
  ['timeout', 3_000],
  ['unknown', 1_000],
  ['data', 1_000],
])('waits %s failures from %d ms on, doubling, up to 60 s', (errorClass, baseMs) => {
  expect(delays({}, errorClass)).toEqual([baseMs, 2 * baseMs, 4 * baseMs]);
  expect(delays({}, errorClass, 12).at(-1)).toBe(57_000);
});

it('takes attempts given in general for all classes but those whose nature forbids it', () => {
  expect(attempts({ attempts: 9 })).toEqual({
    network: 9,
    timeout: 9,
    rateLimit: 9,
    server: 9,
    client: 1,
    auth: 1,
    data: 2,
    unknown: 9,
  });
});

it('takes what is given for a class over everything', () => {
  expect(attempts({ attempts: 9, classes: { server: { attempts: 2 }, auth: { attempts: 3 } } })).toMatchObject({
    server: 2,
    auth: 3,
    network: 9,
  });
});

it('takes a strategy given for a class over one given in general, and that over the presets', () => {
  const options: RetryOptions = {
    backoff: { kind: 'fixed', delayMs: 50, jitter: 'none' },
    classes: { server: { backoff: { kind: 'linear', baseMs: 10, jitter: 'none' } } },
  };
  expect(delays(options, 'server')).toEqual([10, 20, 30]);
  expect(delays(options, 'network')).toEqual([50, 50, 50]);
});

it.each<[string, NonNullable<RetryOptions['backoff']>, number[]]>([
  ['fixed', { kind: 'fixed', delayMs: 70, jitter: 'none' }, [70, 70, 70, 70]],
  ['fixed, jittered', { kind: 'fixed', delayMs: 100, jitter: 'equal' }, [75, 75, 75, 75]],
  ['linear', { kind: 'linear', baseMs: 10, stepMs: 5, capMs: 18, jitter: 'none' }, [10, 15, 18, 18]],
  ['linear, jittered', { kind: 'linear', baseMs: 100, jitter: 'full' }, [50, 100, 150, 200]],
  ['exponential', { kind: 'exponential', baseMs: 10, factor: 3, capMs: 100, jitter: 'none' }, [10, 30, 90, 100]],
  ['exponential, jittered', { kind: 'exponential', baseMs: 100, jitter: 'full' }, [50, 100, 200, 400]],
  ['fibonacci', { kind: 'fibonacci', baseMs: 10, capMs: 25, jitter: 'none' }, [10, 10, 20, 25]],
  ['fibonacci, jittered', { kind: 'fibonacci', baseMs: 100, jitter: 'full' }, [50, 50, 100, 150]],
  ['adaptive', { kind: 'adaptive', baseMs: 10, capMs: 30, jitter: 'none' }, [10, 20, 30, 30]],
  ['adaptive, jittered', { kind: 'adaptive', baseMs: 100, jitter: 'full' }, [50, 100, 200, 400]],
  ['a strategy put together', exponential({ baseMs: 5 }), [5, 10, 20, 40]],
  ['a function', ({ retry }) => retry * 3, [3, 6, 9, 12]],
])('%s', (_name, backoff, expected) => {
  expect(delays({ backoff }, 'server', 4)).toEqual(expected);
});

it('draws decorrelated delays under the cap', () => {
  const [first] = delays({ backoff: { kind: 'decorrelated', baseMs: 1_000 } }, 'server');
  expect(first).toBeCloseTo(897.6, 0);
  expect(delays({ backoff: { kind: 'decorrelated', baseMs: 1_000, capMs: 400 } }, 'server', 1)).toEqual([300]);
  expect(delays({ backoff: { kind: 'exponential', jitter: 'decorrelated' } }, 'server', 1)).toEqual([first]);
});

it('learns for each class apart, and only where the strategy does', () => {
  const plans = plansOf({ backoff: { kind: 'adaptive' } });
  expect(plans.server.learner).toBeDefined();
  expect(plans.server.learner).not.toBe(plans.network.learner);
  expect(plansOf({}).server.learner).toBeUndefined();
  expect(plansOf({ backoff: { kind: 'fixed' } }).server.learner).toBeUndefined();
  expect(plansOf({ backoff: exponential() }).server.learner).toBeUndefined();
  expect(plansOf({ backoff: () => 1 }).server.learner).toBeUndefined();
});

it('gives a strategy as it is', () => {
  const strategy = exponential();
  expect(backoffOf(strategy)).toBe(strategy);
});

it.each<[boolean, string, RetryOptions]>([
  [false, 'the presets', {}],
  [false, 'a strategy that options describe', { backoff: { kind: 'exponential' } }],
  [false, 'classes that say nothing of it', { classes: { server: { attempts: 2 }, network: undefined } }],
  [false, 'a described one of a class', { classes: { server: { backoff: { kind: 'fixed' } } } }],
  [true, 'a strategy put together', { backoff: exponential() }],
  [true, 'a function', { backoff: () => 1 }],
  [true, 'a strategy put together for one class', { classes: { server: { backoff: exponential() } } }],
  [
    true,
    'a function for one class',
    { backoff: { kind: 'fixed' }, classes: { network: {}, server: { backoff: () => 1 } } },
  ],
])('says %p when asked whether delays may depend on the time taken: %s', (expected, _name, options) => {
  expect(mayLookAtTime(parseOptions(retryOptions, options, 'retry'))).toBe(expected);
});
