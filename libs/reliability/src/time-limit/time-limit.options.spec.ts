import { parseOptions } from '../core/options.js';
import { undescribedOptions } from '../testing/option-descriptions.js';
import { deadlineOptions, timeLimitOptions } from './time-limit.options.js';

describe('the options of time limits', () => {
  it('are all described', () => {
    expect(undescribedOptions(timeLimitOptions)).toEqual([]);
    expect(undescribedOptions(deadlineOptions)).toEqual([]);
    expect(timeLimitOptions.shape.limitMs.description).toMatch(/^Time for one attempt, in ms; /);
    expect(deadlineOptions.shape.limitMs.description).toMatch(
      /^Time for the whole call, waiting and repetitions included, in ms; /,
    );
  });

  it('have defaults for everything', () => {
    expect(parseOptions(timeLimitOptions, {}, '')).toEqual({ limitMs: 10_000, strategy: 'abandoning' });
    expect(parseOptions(deadlineOptions, {}, '')).toEqual({ limitMs: 30_000, strategy: 'abandoning' });
    expect(parseOptions(timeLimitOptions, { adaptive: {} }, '').adaptive).toEqual({
      percentile: 0.99,
      factor: 2,
      floorMs: 50,
      windowMs: 60_000,
      minimumSamples: 100,
    });
  });

  it('take the ends of their ranges', () => {
    const options = {
      limitMs: 2 ** 40,
      strategy: 'cooperative',
      adaptive: { percentile: 1, factor: 1, floorMs: 2 ** 40, windowMs: 0.5, minimumSamples: 1 },
    };
    expect(parseOptions(timeLimitOptions, options, '')).toEqual(options);
    expect(parseOptions(timeLimitOptions, { adaptive: { factor: 100 } }, '').adaptive?.factor).toBe(100);
  });

  it('name every problem: path, rule and value', () => {
    expect(() =>
      parseOptions(
        timeLimitOptions,
        {
          limitMs: 0,
          strategy: 'aggressive',
          adaptive: { percentile: 0, factor: 0.9, floorMs: Infinity, windowMs: -1, minimumSamples: 0.5 },
          timeout: 3,
        },
        'policies.okx.timeLimit',
      ),
    ).toThrow(
      [
        'Invalid reliability options:',
        '  - policies.okx.timeLimit.limitMs: must be more than 0; got 0',
        "  - policies.okx.timeLimit.strategy: must be one of 'abandoning', 'cooperative'; got 'aggressive'",
        '  - policies.okx.timeLimit.adaptive.percentile: must be more than 0; got 0',
        '  - policies.okx.timeLimit.adaptive.factor: must be at least 1; got 0.9',
        '  - policies.okx.timeLimit.adaptive.floorMs: must be a finite number; got Infinity',
        '  - policies.okx.timeLimit.adaptive.windowMs: must be more than 0; got -1',
        '  - policies.okx.timeLimit.adaptive.minimumSamples: must be a whole number; got 0.5',
        '  - policies.okx.timeLimit.timeout: is not an option; got 3',
      ].join('\n'),
    );
  });

  it('refuse percentiles above 1, factors above 100, and a floor above the ceiling', () => {
    expect(() => parseOptions(timeLimitOptions, { adaptive: { percentile: 1.1, factor: 101 } }, 'x')).toThrow(
      /x\.adaptive\.percentile: must be at most 1; got 1\.1\n.*x\.adaptive\.factor: must be at most 100; got 101/,
    );
    expect(() => parseOptions(deadlineOptions, { limitMs: 40, adaptive: {} }, 'x')).toThrow(
      'x.adaptive.floorMs: must not exceed limitMs, the ceiling; got undefined',
    );
    expect(parseOptions(deadlineOptions, { limitMs: 50, adaptive: {} }, 'x').limitMs).toBe(50);
  });
});
