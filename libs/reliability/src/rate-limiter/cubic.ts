import type { Adaptation } from './adaptation.js';
import type { AdaptiveOptions } from './adaptive.options.js';

const BETA = 0.7;
const SCALE = 0.4;
const SMOOTH = 0.8;
const BUCKET_MS = 500;
const LEAST_PER_SECOND = 0.5;

/**
 * The adaptive mode of the AWS SDKs, a form of CUBIC (RFC 9438) in permits per second: does nothing until the first
 * throttle, which cuts the rate to 0.7 of what was sent; each accepted call then moves it along
 * `0.4 · (t − t0 − K)³ + Wmax` with `K = ∛(0.3 · Wmax / 0.4)`: quickly back to near the rate that failed, slowly around
 * it, quickly on. Never above twice what is sent.
 */
export class Cubic implements Adaptation {
  factor = 1;
  #active = false;
  #lastMax = 0;
  #throttledAt = 0;
  #decreasedFor = -Infinity;
  #measured = 0;
  #bucket: number;
  #count = 0;

  constructor(
    private readonly options: AdaptiveOptions<'cubic'>,
    private readonly permitsPerSecond: number,
    now: number,
  ) {
    this.#bucket = Math.floor(now / BUCKET_MS);
  }

  rejects(): boolean {
    return false;
  }

  admitted(cost: number, now: number): void {
    this.#count += cost;
    const bucket = Math.floor(now / BUCKET_MS);
    if (bucket <= this.#bucket) return;
    const rate = (this.#count * 1_000) / ((bucket - this.#bucket) * BUCKET_MS);
    this.#measured = rate * SMOOTH + this.#measured * (1 - SMOOTH);
    this.#bucket = bucket;
    this.#count = 0;
  }

  accepted(now: number): void {
    if (!this.#active) return;
    const recovery = Math.cbrt((this.#lastMax * (1 - BETA)) / SCALE);
    const seconds = (now - this.#throttledAt) / 1_000;
    this.#set(SCALE * (seconds - recovery) ** 3 + this.#lastMax);
  }

  throttled(admittedAt: number, now: number): void {
    if (admittedAt < this.#decreasedFor) return;
    const fill = this.factor * this.permitsPerSecond;
    // Before the first half second is over nothing is measured yet.
    this.#lastMax = this.#measured > 0 ? Math.min(this.#measured, fill) : fill;
    this.#active = true;
    this.#throttledAt = this.#decreasedFor = now;
    this.#set(BETA * this.#lastMax);
  }

  #set(rate: number): void {
    const { minFactor, maxFactor } = this.options;
    const ceiling = this.#measured > 0 ? 2 * this.#measured : Infinity;
    const factor = Math.max(LEAST_PER_SECOND, Math.min(rate, ceiling)) / this.permitsPerSecond;
    this.factor = Math.min(maxFactor, Math.max(minFactor, factor));
  }
}
