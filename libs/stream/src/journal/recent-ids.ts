/** Ids seen lately and where they are; bounded by age and by count. */
export class RecentIds {
  readonly #windowMs: number;
  readonly #maxIds: number;
  readonly #seen = new Map<string, { seq: number; at: number }>();

  constructor(windowMs: number, maxIds: number) {
    this.#windowMs = windowMs;
    this.#maxIds = maxIds;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** The sequence of an id seen within the window. */
  find(id: string, now: number): number | undefined {
    const known = this.#seen.get(id);
    return known !== undefined && now - known.at <= this.#windowMs ? known.seq : undefined;
  }

  add(id: string, seq: number, now: number): void {
    if (id === '' || this.#maxIds === 0) return;
    this.#seen.delete(id);
    this.#seen.set(id, { seq, at: now });
    for (const [oldest, { at }] of this.#seen) {
      if (this.#seen.size <= this.#maxIds && now - at <= this.#windowMs) break;
      this.#seen.delete(oldest);
    }
  }
}
