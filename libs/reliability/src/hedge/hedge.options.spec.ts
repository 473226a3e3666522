import { parseOptions } from '../core/options.js';
import { undescribedOptions } from '../testing/option-descriptions.js';
import { hedgeOptions } from './hedge.options.js';

const parsed = (options: unknown) => parseOptions(hedgeOptions, options, 'policies.okx.hedge');

describe('the options of a hedge', () => {
  it('are all described', () => {
    expect(undescribedOptions(hedgeOptions)).toEqual([]);
  });

  it('have defaults for everything', () => {
    expect(parsed({})).toEqual({
      percentile: 0.95,
      floorMs: 10,
      ceilingMs: 10_000,
      windowMs: 60_000,
      minimumSamples: 100,
      maxHedges: 1,
      maxExtraLoad: 0.1,
      overloadShare: 0.1,
    });
  });

  it('take the ends of their ranges', () => {
    const dispose = () => undefined;
    for (const options of [
      { delayMs: 0, maxHedges: 5, maxExtraLoad: 1, overloadShare: 1, idempotent: false, dispose },
      { percentile: 0.001, floorMs: 0.1, ceilingMs: 0.1, minimumSamples: 1, maxHedges: 1, idempotent: true },
    ]) {
      expect(parsed(options)).toMatchObject(options);
    }
  });

  it.each([
    [{ delayMs: -1 }, 'delayMs: must be at least 0; got -1'],
    [{ percentile: 0 }, 'percentile: must be more than 0; got 0'],
    [{ percentile: 1 }, 'percentile: must be less than 1; got 1'],
    [{ maxHedges: 6 }, 'maxHedges: must be at most 5; got 6'],
    [{ maxExtraLoad: 0 }, 'maxExtraLoad: must be more than 0; got 0'],
    [{ overloadShare: 0 }, 'overloadShare: must be more than 0; got 0'],
    [{ floorMs: 20, ceilingMs: 10 }, 'floorMs: must not exceed ceilingMs; got 20'],
    [{ dispose: true }, 'dispose: must be a function of the result; got true'],
    [{ budget: {} }, 'budget: is not an option; got {}'],
  ])('name what is wrong with %j', (options, problem) => {
    expect(() => parsed(options)).toThrow(`Invalid reliability options:\n  - policies.okx.hedge.${problem}`);
  });
});
