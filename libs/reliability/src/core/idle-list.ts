/** Kept at rest by one {@link IdleList} at most: what a burst of calls made beyond that is let go of. */
const MOST_IDLE = 256;

/** What an {@link IdleList} keeps. */
export interface Reusable<T> {
  nextIdle: T | undefined;
}

/** Objects that were used and may be used again. */
export class IdleList<T extends Reusable<T>> {
  private first: T | undefined = undefined;
  private size = 0;

  take(): T | undefined {
    const one = this.first;
    if (one === undefined) return undefined;
    this.first = one.nextIdle;
    this.size -= 1;
    return one;
  }

  /** Whoever gives something back must not use it any more. */
  give(one: T): void {
    if (this.size === MOST_IDLE) return;
    one.nextIdle = this.first;
    this.first = one;
    this.size += 1;
  }
}

const then: unknown = Reflect.get(Promise.prototype, 'then');

/**
 * Whether `work` calls one of the functions given to `then`, once: then they may be used again after that. A class of
 * somebody's own may do otherwise.
 */
export const callsOnce = (work: PromiseLike<unknown>): boolean => work.then === then;
