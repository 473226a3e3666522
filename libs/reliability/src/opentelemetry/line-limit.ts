/** How often one and the same line is written. */
export interface LineLimitOptions {
  /** Times within a window, from 1; default 10. */
  readonly lines?: number;
  /** Length of a window, which begins with a line, in ms; default 10,000. */
  readonly windowMs?: number;
}

interface Window {
  readonly until: number;
  written: number;
  leftOut: number;
}

/** Lines kept in mind; beyond that the one whose window began first is forgotten. */
const MOST_LINES = 1_000;

/** Bounds how often identical lines are written, in constant memory. */
export class LineLimit {
  readonly #windows = new Map<string, Window>();
  readonly #lines: number;
  readonly #windowMs: number;

  constructor({ lines = 10, windowMs = 10_000 }: LineLimitOptions = {}) {
    this.#lines = lines;
    this.#windowMs = windowMs;
  }

  /**
   * Whether a line is to be written now.
   * @returns `true`, or until when it is left out: at that time {@link takeLeftOut} says how often it was
   */
  admit(line: string, now: number): true | { readonly until: number; readonly first: boolean } {
    const open = this.#windows.get(line);
    if (open === undefined || now >= open.until) {
      this.#windows.delete(line);
      if (this.#windows.size >= MOST_LINES) this.#windows.delete(this.#windows.keys().next().value!);
      this.#windows.set(line, { until: now + this.#windowMs, written: 1, leftOut: 0 });
      return true;
    }
    if (open.written < this.#lines) {
      open.written += 1;
      return true;
    }
    open.leftOut += 1;
    return { until: open.until, first: open.leftOut === 1 };
  }

  /** How often a line was left out since last asked. */
  takeLeftOut(line: string): number {
    const window = this.#windows.get(line);
    if (window === undefined) return 0;
    const { leftOut } = window;
    window.leftOut = 0;
    return leftOut;
  }
}
