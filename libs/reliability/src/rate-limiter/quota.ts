import { KeyedCells } from './keyed-cells.js';
import type { ResolvedRateLimiterOptions } from './rate-limiter.options.js';
import type { Meter } from './meter.js';
import { overrideOf, windowsOf } from './rate-limiter.options.js';
import { Windows } from './windows.js';

interface Own {
  readonly windows: Windows;
  readonly state: Float64Array;
}

/**
 * What a limiter still has to give: as a whole, and to each key apart. Callers first {@link locate} whose permits are
 * meant; everything else then concerns those, until the next `locate`.
 */
export class Quota {
  /** The windows that apply to whoever was located. */
  windows: Windows;
  private located: Float64Array;
  private at = 0;
  private readonly whole: Own;
  private readonly overrides: ReadonlyMap<string, Own>;
  private cells: KeyedCells | undefined;

  constructor(
    readonly options: ResolvedRateLimiterOptions,
    private readonly startedAt: number,
    private readonly seed: number,
  ) {
    const factor = largestFactor(options);
    const own = (windows: Windows): Own => {
      const state = new Float64Array(windows.cells);
      windows.start(state, 0, startedAt);
      return { windows, state };
    };
    this.whole = own(new Windows(windowsOf(options), factor));
    this.overrides = new Map(
      Object.entries(options.overrides).map(([key, override]) => [
        key,
        own(new Windows([overrideOf(options, override)], factor)),
      ]),
    );
    this.windows = this.whole.windows;
    this.located = this.whole.state;
  }

  /** The windows of whoever has none of their own. */
  get common(): Windows {
    return this.whole.windows;
  }

  /** Keys remembered. */
  get keys(): number {
    return this.overrides.size + (this.cells?.size ?? 0);
  }

  /** Keys forgotten before their time because all were taken. */
  get forgottenKeys(): number {
    return this.cells?.forgotten ?? 0;
  }

  /** The meter of everybody's one window; `undefined` where there are several. */
  get only(): Meter | undefined {
    return this.whole.windows.only;
  }

  /** What {@link only} keeps its state in, from the first cell on. */
  get state(): Float64Array {
    return this.whole.state;
  }

  /** @returns false when there is no room for a new key */
  locate(key: string | undefined, now: number): boolean {
    if (key !== undefined) return this.locateKey(key, now);
    this.select(this.whole);
    return true;
  }

  private locateKey(key: string, now: number): boolean {
    if (this.overrides.size > 0) {
      const override = this.overrides.get(key);
      if (override !== undefined) {
        this.select(override);
        return true;
      }
    }
    const cells = (this.cells ??= this.makeCells());
    this.at = cells.locate(key, now);
    this.located = cells.state;
    this.windows = this.whole.windows;
    return this.at >= 0;
  }

  /** Ms until `cost` can be taken; 0 when now. */
  wait(now: number, cost: number): number {
    return this.windows.wait(this.located, this.at, now, cost);
  }

  take(now: number, cost: number): void {
    this.windows.take(this.located, this.at, now, cost);
  }

  refund(now: number, cost: number, takenAt: number): number {
    return this.windows.refund(this.located, this.at, now, cost, takenAt);
  }

  remaining(now: number): number {
    return this.windows.remaining(this.located, this.at, now);
  }

  /** Permits that have been taken and not come back, window by window. */
  missing(now: number): number[] {
    return this.windows.missing(this.located, this.at, now);
  }

  drainTo(now: number, permits: number, windowMs: number | undefined): void {
    this.windows.drainTo(this.located, this.at, now, permits, windowMs);
  }

  /** Puts all limits at this multiple of the configured ones. */
  scale(factor: number): void {
    this.whole.windows.scale(factor);
    for (const { windows } of this.overrides.values()) windows.scale(factor);
  }

  /** Drops the keys whose time is over. */
  expire(now: number): void {
    this.cells?.expire(now);
  }

  /**
   * Takes over what another quota has given out: state for state where the windows are of the same make, otherwise by
   * leaving as large a share available as it had left. Keys without limits of their own carry over only in the first
   * case.
   */
  inherit(other: Quota, now: number): void {
    takeOver(this.whole, other.whole, now);
    for (const [key, own] of this.overrides) {
      const before = other.overrides.get(key);
      if (before !== undefined) takeOver(own, before, now);
    }
    if (sameMake(this.whole.windows, other.whole.windows) && sameKeys(this.options, other.options)) {
      this.cells = other.cells;
    }
  }

  private select(own: Own): void {
    this.windows = own.windows;
    this.located = own.state;
    this.at = 0;
  }

  private makeCells(): KeyedCells {
    const { keys } = this.options;
    const { windows } = this.whole;
    const period = Math.max(keys.idleMs ?? 0, windows.memoryMs, 1);
    // A key never seen, and one forgotten, is as if it had been there, unused, since the limiter started.
    return new KeyedCells(windows.cells, keys.max, keys.atCapacity, period, this.seed, this.startedAt, (state, at) =>
      windows.start(state, at, this.startedAt),
    );
  }
}

function largestFactor({ adaptive }: ResolvedRateLimiterOptions): number {
  return adaptive === undefined || adaptive.kind === 'sre' ? 1 : adaptive.maxFactor;
}

function takeOver(own: Own, before: Own, now: number): void {
  if (sameMake(own.windows, before.windows)) own.state.set(before.state);
  else own.windows.drainToShareOf(before.windows, before.state, own.state, now);
}

function sameMake(one: Windows, other: Windows): boolean {
  return (
    one.cells === other.cells &&
    one.options.length === other.options.length &&
    one.options.every(({ algorithm, windowMs }, index) => {
      const counterpart = other.options[index]!;
      return algorithm === counterpart.algorithm && windowMs === counterpart.windowMs;
    })
  );
}

function sameKeys(one: ResolvedRateLimiterOptions, other: ResolvedRateLimiterOptions): boolean {
  return one.keys.max === other.keys.max && one.keys.atCapacity === other.keys.atCapacity;
}
