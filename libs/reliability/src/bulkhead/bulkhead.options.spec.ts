import { parseOptions } from '../core/options.js';
import { undescribedOptions } from '../testing/option-descriptions.js';
import { bulkheadOptions } from './bulkhead.options.js';

const parsed = (options: unknown) => parseOptions(bulkheadOptions, options, 'policies.okx.bulkhead');

describe('the options of a bulkhead', () => {
  it('are all described', () => {
    expect(undescribedOptions(bulkheadOptions)).toEqual([]);
  });

  it('say in a sentence what each algorithm does', () => {
    const { options } = bulkheadOptions.shape.adaptive.unwrap();
    expect(options.map(({ description }) => description)).toEqual([
      expect.stringMatching(/^Follows the ratio of \w+/),
      expect.stringMatching(/^Keeps the queue \w+/),
      expect.stringMatching(/^Grows by one, \w+/),
    ]);
  });

  it('have defaults for everything', () => {
    expect(parsed({})).toEqual({
      maxConcurrent: 25,
      maxQueued: 100,
      maxWaitMs: 2_000,
      agingMs: 500,
      maxKeys: 10_000,
      keyIdleMs: 600_000,
    });
  });

  it.each([
    [
      'gradient2',
      {
        algorithm: 'gradient2',
        tolerance: 1.5,
        smoothing: 0.2,
        baselineWindows: 100,
        minLimit: 4,
        initialLimit: 20,
        windowMs: 200,
        minimumCalls: 10,
        driftGuard: true,
      },
    ],
    ['vegas', { algorithm: 'vegas', minLimit: 4, initialLimit: 20, windowMs: 200, minimumCalls: 10, driftGuard: true }],
    [
      'aimd',
      {
        algorithm: 'aimd',
        backoffRatio: 0.9,
        slowMs: 5_000,
        minLimit: 4,
        initialLimit: 20,
        windowMs: 200,
        minimumCalls: 10,
        driftGuard: true,
      },
    ],
  ])('have defaults for %s', (algorithm, expected) => {
    expect(parsed({ adaptive: { algorithm } }).adaptive).toEqual(expected);
  });

  it('take the ends of their ranges', () => {
    const dropped = () => true;
    for (const options of [
      { maxConcurrent: 1, maxQueued: 0, maxKeys: 1, shed: { heapShare: 1 } },
      { maxConcurrent: 4, adaptive: { algorithm: 'aimd', backoffRatio: 0.5, dropped }, shed: { eventLoopDelayMs: 1 } },
      { adaptive: { algorithm: 'aimd', backoffRatio: 0.99 } },
      { adaptive: { algorithm: 'gradient2', tolerance: 1, smoothing: 1, baselineCeilingMs: 1 } },
      { adaptive: { algorithm: 'gradient2', tolerance: 10 } },
      { adaptive: { algorithm: 'vegas', baselineCeilingMs: 1 } },
    ]) {
      expect(parsed(options)).toMatchObject(options);
    }
  });

  it.each([
    [{ maxConcurrent: 0 }, 'maxConcurrent: must be more than 0; got 0'],
    [{ maxQueued: -1 }, 'maxQueued: must be at least 0; got -1'],
    [{ maxWaitMs: 0 }, 'maxWaitMs: must be more than 0; got 0'],
    [{ limit: 5 }, 'limit: is not an option; got 5'],
    [{ shed: {} }, 'shed: needs eventLoopDelayMs or heapShare; got {}'],
    [{ shed: { heapShare: 0 } }, 'shed.heapShare: must be more than 0; got 0'],
    [{ shed: { heapShare: 2 } }, 'shed.heapShare: must be at most 1; got 2'],
    [{ shed: { cpu: 1 } }, 'shed.cpu: is not an option; got 1'],
    [
      { maxConcurrent: 3, adaptive: { algorithm: 'aimd' } },
      'adaptive.minLimit: must not exceed maxConcurrent; got undefined',
    ],
    [
      { adaptive: { algorithm: 'cubic' } },
      "adaptive.algorithm: must be one of 'gradient2', 'vegas', 'aimd'; got 'cubic'",
    ],
    [{ adaptive: { algorithm: 'vegas', tolerance: 2 } }, 'adaptive.tolerance: is not an option; got 2'],
    [{ adaptive: { algorithm: 'aimd', backoffRatio: 0.49 } }, 'adaptive.backoffRatio: must be at least 0.5; got 0.49'],
    [{ adaptive: { algorithm: 'aimd', backoffRatio: 1 } }, 'adaptive.backoffRatio: must be at most 0.99; got 1'],
    [{ adaptive: { algorithm: 'aimd', dropped: 'yes' } }, "adaptive.dropped: must be a function; got 'yes'"],
    [{ adaptive: { algorithm: 'gradient2', tolerance: 0.9 } }, 'adaptive.tolerance: must be at least 1; got 0.9'],
    [{ adaptive: { algorithm: 'gradient2', tolerance: 11 } }, 'adaptive.tolerance: must be at most 10; got 11'],
    [{ adaptive: { algorithm: 'gradient2', smoothing: 0 } }, 'adaptive.smoothing: must be more than 0; got 0'],
  ])('name what is wrong with %j', (options, problem) => {
    expect(() => parsed(options)).toThrow(`Invalid reliability options:\n  - policies.okx.bulkhead.${problem}`);
  });
});
