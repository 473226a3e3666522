import type { OutcomeWindow, WindowKind } from './outcome-window.js';

/** Slices of a window: an outcome is forgotten when between 90 % and 100 % of the window have passed. */
export const SLICE_COUNT = 10;

const FIELDS = 3;

/**
 * Outcomes of the last {@link SLICE_COUNT} slices of time: totals, less each slice as it expires. Until outcomes fall
 * into a second slice, the totals are that slice's and nothing else is stored. Expiry depends on the slice number
 * alone: a gap of a whole window forgets everything. A slice number that steps back counts into the current slice.
 */
export class TimeWindow implements OutcomeWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  private slice: number;
  /** Calls, failures and slow calls by slice, the current one included. */
  private ring: number[] | undefined = undefined;

  constructor(slice: number) {
    this.slice = slice;
  }

  record(failed: boolean, slow: boolean, slice: number): void {
    this.expire(slice);
    this.calls += 1;
    if (failed) this.failures += 1;
    if (slow) this.slow += 1;
    if (this.ring !== undefined) this.add(this.ring, 1, failed ? 1 : 0, slow ? 1 : 0);
  }

  expire(slice: number): void {
    if (slice > this.slice) this.advance(slice);
  }

  private advance(slice: number): void {
    if (slice - this.slice >= SLICE_COUNT) this.clear();
    else {
      this.ring ??= this.firstRing();
      for (let expired = this.slice + 1; expired <= slice; expired += 1) this.drop(this.ring, expired);
    }
    this.slice = slice;
  }

  private clear(): void {
    this.calls = this.failures = this.slow = 0;
    this.ring = undefined;
  }

  private firstRing(): number[] {
    const ring = Array.from({ length: SLICE_COUNT * FIELDS }, () => 0);
    this.add(ring, this.calls, this.failures, this.slow);
    return ring;
  }

  private add(ring: number[], calls: number, failures: number, slow: number): void {
    const base = placeOf(this.slice);
    ring[base]! += calls;
    ring[base + 1]! += failures;
    ring[base + 2]! += slow;
  }

  private drop(ring: number[], slice: number): void {
    const base = placeOf(slice);
    this.calls -= ring[base]!;
    this.failures -= ring[base + 1]!;
    this.slow -= ring[base + 2]!;
    ring.fill(0, base, base + FIELDS);
  }
}

/** Windows of `windowMs`. One made of another kind counts what that one counted as just recorded. */
export class TimeWindows implements WindowKind {
  constructor(readonly windowMs: number) {}

  sliceOf(now: number): number {
    return Math.floor((now * SLICE_COUNT) / this.windowMs);
  }

  create(slice: number): TimeWindow {
    return new TimeWindow(slice);
  }

  convert({ calls, failures, slow }: OutcomeWindow, slice: number): TimeWindow {
    return Object.assign(new TimeWindow(slice), { calls, failures, slow });
  }
}

function placeOf(slice: number): number {
  return (slice % SLICE_COUNT) * FIELDS;
}
