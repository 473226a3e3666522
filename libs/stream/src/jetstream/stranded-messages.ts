/** Looks at most this often, in ms. */
const LOOK_EVERY_MS = 3_000;

/** What a server says of a stream and its consumer. */
export interface Progress {
  /** The sequence up to which the consumer counts everything as done. */
  ackFloor(): Promise<number>;
  /** The oldest message in the stream that is this consumer's; undefined when there is none. */
  oldest(): Promise<number | undefined>;
}

/**
 * Finds messages that a work-queue stream holds though its consumer counts them as done, so that nobody is given them.
 *
 * A server writes down what it removed and how far a consumer is at different times. One that was killed has messages back
 * that were acknowledged (2.9: those of its last two seconds, and it never looks at them again). One whose power was cut
 * may have lost its last messages and give their places, which the consumer is past, to new ones. Nothing tells the two
 * apart, so neither may be removed: both are to be delivered.
 */
export class StrandedMessages {
  readonly #progress: Progress;
  #lookedAt = -Infinity;
  #suspect: number | undefined;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  /**
   * Whether there are any, `now` in ms. A message leaves the stream just after it is acknowledged: only one that is still
   * there at the next look counts.
   */
  async found(now: number): Promise<boolean> {
    if (now - this.#lookedAt < LOOK_EVERY_MS) return false;
    this.#lookedAt = now;
    const floor = await this.#progress.ackFloor(); // first: what is done with later is not taken for done
    const oldest = await this.#progress.oldest();
    const suspect = oldest !== undefined && oldest <= floor ? oldest : undefined;
    const found = suspect !== undefined && suspect === this.#suspect;
    this.#suspect = suspect;
    return found;
  }
}
