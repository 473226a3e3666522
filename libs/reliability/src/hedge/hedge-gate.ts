const SLICES = 10;
const SLICE_MS = 1_000;
/** With fewer attempts in the window a share of them says nothing. */
const MINIMUM_ATTEMPTS = 10;

export interface HedgeGateOptions {
  /** Hedges, as a share of the calls, beyond which none is sent. */
  readonly maxExtraLoad: number;
  /** Share of attempts with a sign of overload from which none is sent. */
  readonly overloadShare: number;
}

/** Why no hedge is sent. */
export type GateReason = 'overloaded' | 'extra-load';

/**
 * Says when hedging would do harm. More load does not make a dependency faster that has too much already; and when
 * everything is slow, not a few calls, every call would be sent twice.
 *
 * Counts over the last 10 s, by the second. One hedge is always within the extra load, or rare calls would have none.
 */
export class HedgeGate {
  readonly #calls = new Float64Array(SLICES);
  readonly #hedges = new Float64Array(SLICES);
  readonly #overloads = new Float64Array(SLICES);
  #slice = -1;

  /** A call begins, with its first attempt. */
  opened(now: number): void {
    this.#calls[this.#at(now)]! += 1;
  }

  /** An attempt was refused, throttled or timed out. */
  overloaded(now: number): void {
    this.#overloads[this.#at(now)]! += 1;
  }

  /** A hedge was sent. */
  sent(now: number): void {
    this.#hedges[this.#at(now)]! += 1;
  }

  /** Why a hedge may not be sent now; `undefined` when it may. */
  objection({ maxExtraLoad, overloadShare }: HedgeGateOptions, now: number): GateReason | undefined {
    this.#at(now);
    const calls = sum(this.#calls);
    const hedges = sum(this.#hedges);
    const attempts = calls + hedges;
    if (attempts >= MINIMUM_ATTEMPTS && sum(this.#overloads) >= overloadShare * attempts) return 'overloaded';
    return hedges + 1 > Math.max(1, maxExtraLoad * calls) ? 'extra-load' : undefined;
  }

  #at(now: number): number {
    const slice = Math.floor(now / SLICE_MS);
    const last = Math.min(slice, this.#slice + SLICES);
    for (let fresh = this.#slice + 1; fresh <= last; fresh += 1) {
      const index = fresh % SLICES;
      this.#calls[index] = this.#hedges[index] = this.#overloads[index] = 0;
    }
    this.#slice = Math.max(this.#slice, slice);
    return this.#slice % SLICES;
  }
}

const sum = (counts: Float64Array) => counts.reduce((total, count) => total + count, 0);
