import { decay } from './instance-load.js';

/** Imaginary successes in every rate: one failure of an instance hardly used is no rate of 100 %. */
const BENEFIT_OF_DOUBT = 5;

/** Share of failed calls, each call weighted with e^(−age/decayMs). Moves back towards 0 while nothing comes in. */
export class ErrorRate {
  #failures = 0;
  #calls = 0;
  #at = 0;

  constructor(private readonly decayMs: number) {}

  observe(failed: boolean, now: number): void {
    this.#decayTo(now);
    this.#calls += 1;
    if (failed) this.#failures += 1;
  }

  /** From 0 to below 1. */
  rate(now: number): number {
    this.#decayTo(now);
    return this.#failures / (this.#calls + BENEFIT_OF_DOUBT);
  }

  #decayTo(now: number): void {
    if (now <= this.#at) return;
    const factor = decay((now - this.#at) / this.decayMs);
    this.#failures *= factor;
    this.#calls *= factor;
    this.#at = now;
  }
}
