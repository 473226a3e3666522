import fc from 'fast-check';
import {
  adaptive,
  Backoff,
  type BackoffStep,
  custom,
  decorrelated,
  exponential,
  fibonacci,
  fixed,
  linear,
  LONGEST_DELAY_MS,
} from './backoff.js';

const step = (retry: number, chance = 0, rest: Partial<BackoffStep> = {}): BackoffStep => ({
  retry,
  chance,
  previousChance: 0,
  previousMs: 0,
  elapsedMs: 0,
  learnedMs: 0,
  ...rest,
});
const delays = (backoff: Backoff, retries = 6) =>
  Array.from({ length: retries }, (_, index) => backoff.delayMs(step(index + 1)));

describe('delays without jitter', () => {
  it.each([
    ['fixed', fixed({ delayMs: 250 }), [250, 250, 250, 250, 250, 250]],
    ['linear', linear({ baseMs: 100 }), [100, 200, 300, 400, 500, 600]],
    ['linear with a step of its own', linear({ baseMs: 100, stepMs: 30 }), [100, 130, 160, 190, 220, 250]],
    ['exponential', exponential({ baseMs: 100 }), [100, 200, 400, 800, 1_600, 3_200]],
    ['exponential ×3', exponential({ baseMs: 100, factor: 3 }), [100, 300, 900, 2_700, 8_100, 24_300]],
    ['fibonacci', fibonacci({ baseMs: 100 }), [100, 100, 200, 300, 500, 800]],
    ['capped', exponential({ baseMs: 100 }).cap(500), [100, 200, 400, 500, 500, 500]],
    [
      'up to 2 repetitions',
      exponential({ baseMs: 100 }).upTo({ retries: 2 }),
      [100, 200, undefined, undefined, undefined, undefined],
    ],
    ['of one’s own', custom(({ retry }) => 7 * retry), [7, 14, 21, 28, 35, 42]],
  ])('%s', (_name, backoff, expected) => {
    expect(delays(backoff)).toEqual(expected);
  });

  it('begin at 1 s, double and end at 60 s by default', () => {
    expect(delays(exponential().cap(), 8)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect([fixed(), linear(), fibonacci()].map((backoff) => delays(backoff, 2))).toEqual([
      [1_000, 1_000],
      [1_000, 2_000],
      [1_000, 1_000],
    ]);
  });

  it('double what was learned with each further repetition', () => {
    const learned = (retry: number) => adaptive().delayMs(step(retry, 0, { learnedMs: 300 }));
    expect([learned(1), learned(2), learned(3)]).toEqual([300, 600, 1_200]);
  });
});

describe('jitter', () => {
  const spread = (backoff: Backoff) =>
    [0, 0.5, 1 - Number.EPSILON].map((chance) => Math.round(backoff.delayMs(step(1, chance))!));
  it.each([
    ['none', exponential({ baseMs: 1_000 }).jitter('none'), [1_000, 1_000, 1_000]],
    ['proportional, ±10 %', exponential({ baseMs: 1_000 }).jitter(), [900, 1_000, 1_100]],
    ['a share of one’s own', exponential({ baseMs: 1_000 }).jitter(0.5), [500, 1_000, 1_500]],
    ['equal', exponential({ baseMs: 1_000 }).jitter('equal'), [500, 750, 1_000]],
    ['full', exponential({ baseMs: 1_000 }).jitter('full'), [0, 500, 1_000]],
    [
      'proportional at the cap: only the part below it',
      fixed({ delayMs: 1_000 }).jitter().cap(1_000),
      [900, 950, 1_000],
    ],
  ])('%s', (_name, backoff, expected) => {
    expect(spread(backoff)).toEqual(expected);
  });

  it.each([-0.1, 1.1, Number.NaN])('of %p is refused', (jitter) => {
    expect(() => exponential().jitter(jitter)).toThrow(
      new RangeError(`jitter must be a share from 0 to 1; got ${jitter}`),
    );
  });

  it('takes the shares 0 and 1', () => {
    expect(spread(fixed({ delayMs: 10 }).jitter(0))).toEqual([10, 10, 10]);
    expect(spread(fixed({ delayMs: 10 }).jitter(1))).toEqual([0, 10, 20]);
  });

  it('cannot be decorrelated where delays are not exponential', () => {
    expect(() => linear().jitter('decorrelated')).toThrow(
      'decorrelated jitter is defined for exponential backoff only',
    );
  });
});

describe('a strategy', () => {
  it('is the same in whatever order it was put together', () => {
    const one = exponential({ baseMs: 100 }).jitter('equal').cap(300).upTo({ retries: 3 });
    const other = exponential({ baseMs: 100 }).upTo({ retries: 3 }).cap(300).jitter('equal');
    for (let retry = 1; retry < 6; retry += 1) {
      expect(one.delayMs(step(retry, 0.3))).toBe(other.delayMs(step(retry, 0.3)));
    }
  });

  it('ends after 4 repetitions unless told otherwise, or when its time would be over', () => {
    expect(delays(fixed({ delayMs: 10 }).upTo())).toEqual([10, 10, 10, 10, undefined, undefined]);
    const timed = fixed({ delayMs: 10 }).upTo({ totalMs: 100 });
    expect(timed.delayMs(step(1, 0, { elapsedMs: 90 }))).toBe(10);
    expect(timed.delayMs(step(1, 0, { elapsedMs: 90.5 }))).toBeUndefined();
  });

  it('keeps both limits when they are given one after the other', () => {
    const both = fixed({ delayMs: 10 }).upTo({ retries: 3 }).upTo({ totalMs: 5 });
    expect(both.delayMs(step(1))).toBeUndefined();
    expect(fixed({ delayMs: 10 }).upTo({ totalMs: 50 }).upTo({ retries: 1 }).delayMs(step(2))).toBeUndefined();
  });

  it('never waits longer than a day, whatever its cap', () => {
    expect(fixed({ delayMs: 1e12 }).delayMs(step(1))).toBe(LONGEST_DELAY_MS);
    expect(fixed({ delayMs: 1e12 }).cap(1e12).delayMs(step(1))).toBe(LONGEST_DELAY_MS);
  });

  it.each([-1, Number.NaN])('refuses a cap of %p', (cap) => {
    expect(() => fixed().cap(cap)).toThrow(new RangeError(`capMs must be at least 0; got ${cap}`));
  });

  it.each<[string, (value: number) => Backoff]>([
    ['delayMs', (delayMs) => fixed({ delayMs })],
    ['baseMs', (baseMs) => linear({ baseMs, stepMs: 1 })],
    ['stepMs', (stepMs) => linear({ stepMs })],
    ['baseMs', (baseMs) => exponential({ baseMs })],
    ['factor', (factor) => exponential({ factor })],
    ['baseMs', (baseMs) => fibonacci({ baseMs })],
    ['baseMs', (baseMs) => decorrelated({ baseMs })],
    ['retries', (retries) => fixed().upTo({ retries })],
    ['totalMs', (totalMs) => fixed().upTo({ totalMs })],
  ])('refuses %s below 0 and what is no number', (name, make) => {
    for (const value of [-0.001, Number.NaN]) {
      expect(() => make(value)).toThrow(new RangeError(`${name} must be at least 0; got ${value}`));
    }
    expect(() => make(0)).not.toThrow();
  });

  it.each([
    [Number.NaN, 60_000],
    [Infinity, 60_000],
    [-5, 0],
  ])('of one’s own that gives %p waits %p ms', (given, expected) => {
    expect(
      custom(() => given)
        .cap()
        .delayMs(step(1)),
    ).toBe(expected);
  });

  it('may have a cap of 0: no wait', () => {
    expect(exponential().jitter().cap(0).delayMs(step(3, 0.9))).toBe(0);
  });
});

describe('decorrelated jitter v2', () => {
  /** Straight from the formula, with the intermediate values written out. */
  const n = (t: number) => 2 ** t * Math.tanh(Math.sqrt(4 * t));

  it.each([
    [1, 0, 0, 0],
    [1, 0.5, 0, (n(0.5) / 1.4) * 1_000],
    [2, 0.25, 0.5, ((n(1.25) - n(0.5)) / 1.4) * 1_000],
    [4, 0.9, 0.1, ((n(3.9) - n(2.1)) / 1.4) * 1_000],
  ])('repetition %d with chance %d after %d', (retry, chance, previousChance, expected) => {
    expect(decorrelated({ baseMs: 1_000 }).delayMs(step(retry, chance, { previousChance }))).toBeCloseTo(expected, 6);
  });

  it('has its first delay near the base in the median', () => {
    expect(decorrelated({ baseMs: 1_000 }).delayMs(step(1, 0.5))).toBeCloseTo(897.6, 0);
  });

  it('is what exponential becomes with that jitter', () => {
    const [one, other] = [exponential({ baseMs: 50 }).jitter('decorrelated'), decorrelated({ baseMs: 50 })];
    expect(one.delayMs(step(3, 0.4, { previousChance: 0.2 }))).toBe(
      other.delayMs(step(3, 0.4, { previousChance: 0.2 })),
    );
  });

  it('gives way to another jitter', () => {
    expect(decorrelated({ baseMs: 100 }).jitter('none').delayMs(step(3, 0.7))).toBe(400);
  });

  it('is spread over the upper half of the cap where the formula exceeds it', () => {
    const capped = decorrelated({ baseMs: 1_000 }).cap(8_000);
    expect([0, 0.5, 0.999].map((chance) => capped.delayMs(step(2_000, chance)))).toEqual([4_000, 6_000, 7_996]);
  });

  it('is not spread where the formula gives the cap itself', () => {
    const [at, plain] = [step(3, 0.4, { previousChance: 0.2 }), decorrelated({ baseMs: 1_000 })];
    expect(plain.cap(plain.delayMs(at)).delayMs(at)).toBe(plain.delayMs(at));
  });
});

describe('every strategy, up to attempt 10⁶', () => {
  const strategies = fc.oneof(
    fc.record({ delayMs: fc.double({ min: 0, max: 1e7, noNaN: true }) }).map(fixed),
    fc.record({ baseMs: base(), stepMs: base() }).map(linear),
    fc.record({ baseMs: base(), factor: fc.double({ min: 1, max: 100, noNaN: true }) }).map(exponential),
    fc.record({ baseMs: base() }).map(fibonacci),
    fc.record({ baseMs: base() }).map(decorrelated),
    fc.constant(adaptive()),
  );
  const jitters = fc.oneof(
    fc.constantFrom('none', 'proportional', 'equal', 'full'),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  const steps = fc.record({
    retry: fc.integer({ min: 1, max: 1_000_000 }),
    chance: chance(),
    previousChance: chance(),
    previousMs: fc.double({ min: 0, max: 1e8, noNaN: true }),
    elapsedMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
    learnedMs: fc.double({ min: 0, max: 1e8, noNaN: true }),
  });

  it('gives a finite delay between 0 and the cap', () => {
    fc.assert(
      fc.property(
        strategies,
        jitters,
        fc.double({ min: 0, max: 1e8, noNaN: true }),
        steps,
        (strategy, jitter, cap, at) => {
          const delay = strategy.jitter(jitter).cap(cap).delayMs(at)!;
          return delay >= 0 && delay <= cap && Number.isFinite(delay);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('stays within the range of its jitter', () => {
    const plain = fc.oneof(
      fc.record({ baseMs: base(), stepMs: base() }).map(linear),
      fc.record({ baseMs: base() }).map(fibonacci),
      fc.record({ baseMs: base() }).map(exponential),
    );
    fc.assert(
      fc.property(plain, fc.double({ min: 0, max: 1, noNaN: true }), steps, (strategy, share, at) => {
        const [plain, spread] = [strategy.delayMs(at)!, strategy.jitter(share).delayMs(at)!];
        const slack = plain * 1e-9;
        return (
          spread >= plain * (1 - share) - slack && spread <= Math.min(plain * (1 + share), LONGEST_DELAY_MS) + slack
        );
      }),
    );
  });

  it('never waits less for a later repetition, jitter and decorrelation aside', () => {
    const monotonic = fc.oneof(
      fc.record({ baseMs: base(), stepMs: base() }).map(linear),
      fc.record({ baseMs: base(), factor: fc.double({ min: 1, max: 100, noNaN: true }) }).map(exponential),
      fc.record({ baseMs: base() }).map(fibonacci),
      fc.constant(adaptive()),
    );
    fc.assert(
      fc.property(monotonic, steps, fc.integer({ min: 1, max: 1_000 }), (strategy, at, further) => {
        return strategy.cap().delayMs({ ...at, retry: at.retry + further })! >= strategy.cap().delayMs(at)!;
      }),
    );
  });

  it('gives the same delay for the same step', () => {
    fc.assert(fc.property(strategies, steps, (strategy, at) => strategy.delayMs(at) === strategy.delayMs({ ...at })));
  });

  function base() {
    return fc.double({ min: 0, max: 1e6, noNaN: true });
  }
  function chance() {
    return fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  }
});
