const PER_WINDOW = 60;
const WINDOW_MS = 60_000;

/** Lets refusals into the audit trail, at most 60 a minute: whoever only knocks must not push out what was done. */
export class RefusalQuota {
  #since = -Infinity;
  #taken = 0;
  #lost = 0;

  /** @returns how many were left out since the last one that was let in; `undefined`: this one is left out, too */
  take(now: number): number | undefined {
    if (now - this.#since >= WINDOW_MS) {
      this.#since = now;
      this.#taken = 0;
    }
    if (this.#taken >= PER_WINDOW) {
      this.#lost += 1;
      return undefined;
    }
    this.#taken += 1;
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }
}
