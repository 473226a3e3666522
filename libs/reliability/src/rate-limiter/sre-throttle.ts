import type { Random } from '../core/random.js';
import type { Adaptation } from './adaptation.js';
import type { AdaptiveOptions } from './adaptive.options.js';

const SLICES = 12;

/**
 * Client-side throttling of Google's SRE book (chapter "Handling Overload"): a call is dropped with the probability
 * `max(0, (requests − K · accepts) / (requests + 1))` over the last two minutes. Dropped calls count as requests. The
 * share dropped is capped, so that some always get through and recovery is noticed.
 */
export class SreThrottle implements Adaptation {
  readonly factor = 1;
  readonly #requests = new Float64Array(SLICES);
  readonly #accepts = new Float64Array(SLICES);
  readonly #sliceMs: number;
  #slice = 0;
  #totalRequests = 0;
  #totalAccepts = 0;

  constructor(private readonly options: AdaptiveOptions<'sre'>) {
    this.#sliceMs = options.measureMs / SLICES;
  }

  /** Of being dropped, for a call that comes now. */
  probability(now: number): number {
    this.#advance(now);
    const excess = this.#totalRequests - this.options.k * this.#totalAccepts;
    return Math.min(this.options.maxReject, Math.max(0, excess / (this.#totalRequests + 1)));
  }

  rejects(now: number, random: Random): boolean {
    const probability = this.probability(now);
    this.#requests[this.#slice % SLICES]! += 1;
    this.#totalRequests += 1;
    return probability > 0 && random.next() < probability;
  }

  admitted(): void {}

  accepted(now: number): void {
    this.#advance(now);
    this.#accepts[this.#slice % SLICES]! += 1;
    this.#totalAccepts += 1;
  }

  throttled(): void {}

  #advance(now: number): void {
    const slice = Math.floor(now / this.#sliceMs);
    for (let next = Math.max(this.#slice + 1, slice - SLICES + 1); next <= slice; next += 1) {
      const index = next % SLICES;
      this.#totalRequests -= this.#requests[index]!;
      this.#totalAccepts -= this.#accepts[index]!;
      this.#requests[index] = this.#accepts[index] = 0;
    }
    this.#slice = Math.max(this.#slice, slice);
  }
}
