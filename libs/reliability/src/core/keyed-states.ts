export interface KeyedStatesOptions {
  /** Most keys held at a time. */
  readonly maxKeys: number;
  /** A key not asked for this long is forgotten; it may be held for up to twice as long. */
  readonly idleMs: number;
}

/**
 * State per key, within a bound. Two generations of keys: those asked for since the last turn and the rest. Every
 * `idleMs` the rest is dropped whole and the generations move on, so that neither retiring a million idle keys nor
 * making room for a new one ever walks over the others. When it is full, the key that was longest not asked for,
 * to the precision of a generation, makes room. Pinned keys are neither retired nor evicted.
 */
export class KeyedStates<State> {
  #recent = new Map<string, State>();
  #rest = new Map<string, State>();
  #candidates: Iterator<string> = this.#rest.keys();
  readonly #pinned = new Map<string, State>();
  #turnsAt = -Infinity;
  #maxKeys = 0;
  #idleMs = 0;

  /** Keys forgotten because nobody asked for them. */
  retired = 0;
  /** Keys forgotten to make room. */
  evicted = 0;
  /** Keys turned away because every place was pinned. */
  overflowed = 0;

  constructor(options: KeyedStatesOptions) {
    this.reconfigure(options);
  }

  get size(): number {
    return this.#recent.size + this.#rest.size + this.#pinned.size;
  }

  get pinnedSize(): number {
    return this.#pinned.size;
  }

  /** The state of a key, which counts as asked for. */
  get(key: string, now: number): State | undefined {
    if (now >= this.#turnsAt) this.#turn(now);
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const idle = this.#rest.get(key);
    if (idle === undefined) return this.#pinned.get(key);
    this.#rest.delete(key);
    this.#recent.set(key, idle);
    return idle;
  }

  /** The state of a key without asking for it. */
  peek(key: string): State | undefined {
    return this.#recent.get(key) ?? this.#rest.get(key) ?? this.#pinned.get(key);
  }

  /** Sets the state of a key. @returns `false` when there is no room, every place being pinned */
  set(key: string, state: State, now: number): boolean {
    if (this.get(key, now) === undefined && !this.#evict()) {
      this.overflowed += 1;
      return false;
    }
    (this.#pinned.has(key) ? this.#pinned : this.#recent).set(key, state);
    return true;
  }

  /** Keeps a key until it is unpinned. A key that is not held stays so. */
  pin(key: string): void {
    const state = this.peek(key);
    if (state === undefined) return;
    this.#recent.delete(key);
    this.#rest.delete(key);
    this.#pinned.set(key, state);
  }

  unpin(key: string): void {
    const state = this.#pinned.get(key);
    if (state === undefined) return;
    this.#pinned.delete(key);
    this.#recent.set(key, state);
  }

  delete(key: string): boolean {
    return this.#recent.delete(key) || this.#rest.delete(key) || this.#pinned.delete(key);
  }

  clear(): void {
    this.#recent.clear();
    this.#rest.clear();
    this.#pinned.clear();
  }

  /** Every key with its state: pinned ones first, then those asked for last. */
  *entries(): IterableIterator<[string, State]> {
    yield* this.#pinned;
    yield* this.#recent;
    yield* this.#rest;
  }

  pinnedEntries(): IterableIterator<[string, State]> {
    return this.#pinned.entries();
  }

  /** Takes new bounds. What is too much goes when the next key comes. */
  reconfigure({ maxKeys, idleMs }: KeyedStatesOptions): void {
    this.#maxKeys = maxKeys;
    this.#turnsAt += idleMs - this.#idleMs;
    this.#idleMs = idleMs;
  }

  #turn(now: number): void {
    const nobodyAsked = now - this.#turnsAt >= this.#idleMs;
    this.#turnsAt = now + this.#idleMs;
    this.#age();
    if (nobodyAsked) this.#age();
  }

  #age(): void {
    this.retired += this.#rest.size;
    this.#rest = this.#recent;
    this.#candidates = this.#rest.keys();
    this.#recent = new Map();
  }

  /** Makes room for one key, where there is none. */
  #evict(): boolean {
    while (this.size >= this.#maxKeys) {
      if (this.#rest.size === 0) this.#age();
      const candidate = this.#candidates.next();
      if (candidate.done === true) return false;
      this.#rest.delete(candidate.value);
      this.evicted += 1;
    }
    return true;
  }
}
