import { StoreError } from './errors.js';

interface Waiter<T> {
  readonly give: (slot: T) => void;
  readonly refuse: (error: StoreError) => void;
  timer: NodeJS.Timeout;
}

/**
 * A fixed set of connections, each used by one call at a time, in order of arrival. A connection comes back when the
 * engine has finished with it, not when the caller stopped waiting.
 */
export class Slots<T> {
  readonly #free: T[];
  readonly #waiting: Waiter<T>[] = [];
  readonly #maxWaiting: number;
  readonly #size: number;

  constructor(slots: readonly T[], maxWaiting: number) {
    this.#free = [...slots];
    this.#size = slots.length;
    this.#maxWaiting = maxWaiting;
  }

  get busy(): number {
    return this.#size - this.#free.length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws StoreError `BUSY` when too many wait already, or none came free in time */
  async take(deadlineMs: number, doing: string): Promise<T> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#waiting.length >= this.#maxWaiting)
      throw new StoreError('BUSY', `${doing}: ${this.#waiting.length} calls already wait for a connection`);
    return new Promise((give, refuse) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        refuse(new StoreError('BUSY', `${doing}: no connection came free within ${deadlineMs} ms`));
      }, deadlineMs);
      const waiter: Waiter<T> = { give, refuse, timer };
      this.#waiting.push(waiter);
    });
  }

  release(slot: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#free.push(slot);
      return;
    }
    clearTimeout(next.timer);
    next.give(slot);
  }

  /** Refuses everyone who waits. */
  refuseAll(error: StoreError): void {
    for (const waiter of this.#waiting.splice(0)) {
      clearTimeout(waiter.timer);
      waiter.refuse(error);
    }
  }
}
