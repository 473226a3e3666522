import { AdaptiveConcurrency } from './adaptive-concurrency.js';
import { AimdRule } from './aimd-rule.js';
import type { LimitRule } from './limit-rule.js';

const OPTIONS = { initialLimit: 20, minLimit: 2, maxLimit: 1_000, windowMs: 100, minimumCalls: 10, driftGuard: true };

/** A rule that always wants the same. */
const wanting = (limit: number): LimitRule => ({ next: () => limit });

/** A full window of calls; `inFlight` of them side by side. */
function window(limit: AdaptiveConcurrency, at: number, inFlight = 20, durationMs = 10): boolean {
  let changed = false;
  for (let call = 1; call <= 10; call += 1)
    changed = limit.observe(durationMs, inFlight, false, at + call * 10) || changed;
  return changed;
}

describe('AdaptiveConcurrency', () => {
  it.each([
    { wanted: 1_500, limit: 1_000 },
    { wanted: 30.9, limit: 30 },
    { wanted: 0, limit: 2 },
  ])('is a whole number between its bounds: $limit when the rule wants $wanted', ({ wanted, limit }) => {
    const concurrency = new AdaptiveConcurrency(OPTIONS, wanting(wanted));
    expect(concurrency.limit).toBe(20);
    expect(window(concurrency, 0)).toBe(true);
    expect(concurrency.limit).toBe(limit);
  });

  it.each([
    { initialLimit: 1, limit: 2 },
    { initialLimit: 2_000, limit: 1_000 },
  ])('begins between its bounds: at $limit with $initialLimit', ({ initialLimit, limit }) => {
    expect(new AdaptiveConcurrency({ ...OPTIONS, initialLimit }, wanting(5)).limit).toBe(limit);
  });

  it('says whether the limit has changed', () => {
    const concurrency = new AdaptiveConcurrency(OPTIONS, wanting(20.4));
    expect(window(concurrency, 0)).toBe(false);
    expect(concurrency.observe(10, 20, false, 5_000)).toBe(false);
  });

  it('hands the unrounded limit to the rule', () => {
    const next = jest.fn((limit: number) => limit + 0.4);
    const concurrency = new AdaptiveConcurrency(OPTIONS, { next });
    for (let count = 0; count < 3; count += 1) window(concurrency, count * 100);
    expect(next.mock.calls.map(([limit]) => limit)).toEqual([20, 20.4, 20.799_999_999_999_997]);
    expect(concurrency.limit).toBe(21);
  });

  it.each([
    { inFlight: 9, saturated: false },
    { inFlight: 10, saturated: true },
  ])('takes $inFlight in flight of 20 for used up: $saturated', ({ inFlight, saturated }) => {
    const next = jest.fn(() => 20);
    window(new AdaptiveConcurrency(OPTIONS, { next }), 0, inFlight);
    expect(next).toHaveBeenCalledWith(20, expect.objectContaining({ inFlight, count: 10 }), saturated);
  });

  it.each([
    { driftGuard: true, limit: 23, vetoes: 3 },
    { driftGuard: false, limit: 30, vetoes: 0 },
  ])('takes growth back that bought only latency, with the guard: $driftGuard', ({ driftGuard, limit, vetoes }) => {
    const concurrency = new AdaptiveConcurrency({ ...OPTIONS, driftGuard }, new AimdRule(0.9, 5_000));
    for (let count = 0; count < 10; count += 1) window(concurrency, count * 100, 20 + count, 10 + count);
    expect(concurrency).toMatchObject({ limit, vetoes });
  });

  it('leaves a limit alone that the rule leaves alone', () => {
    const next = jest.fn((limit: number) => limit + 1);
    const concurrency = new AdaptiveConcurrency(OPTIONS, { next });
    for (let count = 0; count < 7; count += 1) window(concurrency, count * 100, 20 + count, 10 + count);
    next.mockImplementation((limit) => limit);
    for (let count = 7; count < 10; count += 1) window(concurrency, count * 100, 20 + count, 10 + count);
    expect(concurrency).toMatchObject({ limit: 27, vetoes: 0 });
  });

  it('lets a limit shrink that the guard would not let grow', () => {
    const next = jest.fn((limit: number) => limit + 1);
    const concurrency = new AdaptiveConcurrency(OPTIONS, { next });
    for (let count = 0; count < 9; count += 1) window(concurrency, count * 100, 20 + count, 10 + count);
    next.mockReturnValue(12);
    window(concurrency, 900, 40, 40);
    expect(concurrency.limit).toBe(12);
  });
});
