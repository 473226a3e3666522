import type { OutcomeWindow, WindowKind } from './outcome-window.js';

const FAILED = 1;
const SLOW = 2;

/** Outcomes of the last `size` calls: totals, less the outcome that each new one pushes out. */
export class CountWindow implements OutcomeWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  private next = 0;
  private readonly ring: Uint8Array;

  constructor(size: number) {
    this.ring = new Uint8Array(size);
  }

  record(failed: boolean, slow: boolean): void {
    const ring = this.ring;
    if (this.calls === ring.length) this.forget(ring[this.next]!);
    ring[this.next] = (failed ? FAILED : 0) | (slow ? SLOW : 0);
    this.next = (this.next + 1) % ring.length;
    this.calls += 1;
    if (failed) this.failures += 1;
    if (slow) this.slow += 1;
  }

  expire(): void {
    // Outcomes are forgotten by later ones, not by time.
  }

  /** A window of another size with the latest of these outcomes. */
  resized(size: number): CountWindow {
    const resized = new CountWindow(size);
    const kept = Math.min(size, this.calls);
    const { length } = this.ring;
    for (let back = kept; back >= 1; back -= 1) {
      const bits = this.ring[(this.next - back + length) % length]!;
      resized.record((bits & FAILED) !== 0, (bits & SLOW) !== 0);
    }
    return resized;
  }

  private forget(bits: number): void {
    this.calls -= 1;
    if ((bits & FAILED) !== 0) this.failures -= 1;
    if ((bits & SLOW) !== 0) this.slow -= 1;
  }
}

/** Windows of the last `size` calls. One made of another kind keeps its latest outcomes if that one counted calls. */
export class CountWindows implements WindowKind {
  constructor(readonly size: number) {}

  sliceOf(): number {
    return 0;
  }

  create(): CountWindow {
    return new CountWindow(this.size);
  }

  convert(window: OutcomeWindow): CountWindow {
    return window instanceof CountWindow ? window.resized(this.size) : this.create();
  }
}
