import type { Adaptation } from './adaptation.js';
import type { AdaptiveOptions } from './adaptive.options.js';

/**
 * Additive increase, multiplicative decrease (D. Chiu, R. Jain, 1989): every window without a throttle adds a share of
 * the configured limit, a throttle multiplies the limit. Calls that left before the last decrease say nothing new.
 */
export class Aimd implements Adaptation {
  factor = 1;
  #grownUntil: number;
  #decreasedAt = -Infinity;

  constructor(
    private readonly options: AdaptiveOptions<'aimd'>,
    private readonly windowMs: number,
    now: number,
  ) {
    this.#grownUntil = now;
  }

  rejects(now: number): boolean {
    const windows = Math.max(0, Math.floor((now - this.#grownUntil) / this.windowMs));
    this.#grownUntil += windows * this.windowMs;
    this.factor = Math.min(this.options.maxFactor, this.factor + windows * this.options.increasePerWindow);
    return false;
  }

  admitted(): void {}

  accepted(): void {}

  throttled(admittedAt: number, now: number): void {
    if (admittedAt < this.#decreasedAt) return;
    this.#decreasedAt = now;
    this.#grownUntil = now;
    this.factor = Math.max(this.options.minFactor, this.factor * this.options.decrease);
  }
}
