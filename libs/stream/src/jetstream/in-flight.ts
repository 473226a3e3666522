import { Fifo } from '../ordered/fifo.js';

/** At most so many at once; the rest wait in order of arrival. */
export class InFlight {
  readonly #most: number;
  readonly #waiting = new Fifo<() => void>();
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#count;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  async run<R>(work: () => Promise<R>): Promise<R> {
    if (this.#count >= this.#most) await new Promise<void>((enter) => this.#waiting.push(enter));
    else this.#count += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#count -= 1;
      else next();
    }
  }
}
