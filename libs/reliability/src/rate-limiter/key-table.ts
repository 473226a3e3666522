const CHUNK_BITS = 12;
const CHUNK = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK - 1;
const SMALLEST_INDEX = 32;

/**
 * Keys in the order of their coming, with a few numbers each. Made for a million of them: keys and numbers lie in
 * chunks that are never copied; the hash index over them is open-addressed (position and hash side by side, 8 B) and
 * split into shards that grow by themselves, from the hashes alone, so that no step touches more than some thousand
 * entries.
 */
export class KeyTable {
  readonly #keys: (string | undefined)[][] = [];
  readonly #cells: Float64Array[] = [];
  readonly #index: (Int32Array | undefined)[];
  readonly #counts: Int32Array;
  #count = 0;
  #live = 0;
  #oldest = 0;

  constructor(
    private readonly cellsPerKey: number,
    /** A power of two. */
    shards: number,
  ) {
    this.#index = Array.from({ length: shards }, () => undefined);
    this.#counts = new Int32Array(shards);
  }

  /** Keys that are in it. */
  get size(): number {
    return this.#live;
  }

  /** @returns the position of the key, or −1 */
  find(key: string, hash: number): number {
    const index = this.#index[hash & (this.#index.length - 1)];
    if (index === undefined) return -1;
    const mask = index.length / 2 - 1;
    for (let slot = (hash >>> 12) & mask; ; slot = (slot + 1) & mask) {
      const position = index[2 * slot]! - 1;
      if (position < 0) return -1;
      if (index[2 * slot + 1] === hash && this.#keys[position >> CHUNK_BITS]![position & CHUNK_MASK] === key) {
        return position;
      }
    }
  }

  /** Adds a key that is not in it. @returns its position */
  add(key: string, hash: number): number {
    const position = this.#count;
    this.#count += 1;
    this.#live += 1;
    if ((position & CHUNK_MASK) === 0) {
      this.#keys.push([]);
      this.#cells.push(EMPTY);
    }
    const chunk = position >> CHUNK_BITS;
    this.#keys[chunk]!.push(key);
    this.#makeRoom(chunk, (position & CHUNK_MASK) + 1);
    this.#enter(position, hash);
    return position;
  }

  /** The array that holds the numbers of a position. */
  cellsOf(position: number): Float64Array {
    return this.#cells[position >> CHUNK_BITS]!;
  }

  /** Where in it they begin. */
  offsetOf(position: number): number {
    return (position & CHUNK_MASK) * this.cellsPerKey;
  }

  /** Takes a key out. Its place stays empty. */
  remove(position: number): void {
    this.#keys[position >> CHUNK_BITS]![position & CHUNK_MASK] = undefined;
    this.#live -= 1;
  }

  /** Takes out the key that came first of those in it. */
  removeOldest(): void {
    while (this.#keys[this.#oldest >> CHUNK_BITS]![this.#oldest & CHUNK_MASK] === undefined) this.#oldest += 1;
    this.remove(this.#oldest);
  }

  /** Only the first chunk grows; the others are made whole. */
  #makeRoom(chunk: number, needed: number): void {
    const cells = this.#cells[chunk]!;
    if (cells.length >= needed * this.cellsPerKey) return;
    const slots = chunk > 0 ? CHUNK : Math.min(CHUNK, Math.max(16, 2 * needed));
    const larger = new Float64Array(slots * this.cellsPerKey);
    larger.set(cells);
    this.#cells[chunk] = larger;
  }

  #enter(position: number, hash: number): void {
    const shard = hash & (this.#index.length - 1);
    let index = (this.#index[shard] ??= new Int32Array(2 * SMALLEST_INDEX));
    // At most three quarters full.
    if (this.#counts[shard]! * 8 >= index.length * 3) {
      const smaller = index;
      index = this.#index[shard] = new Int32Array(2 * smaller.length);
      for (let slot = 0; slot < smaller.length; slot += 2) {
        if (smaller[slot] !== 0) place(index, smaller[slot]!, smaller[slot + 1]!);
      }
    }
    this.#counts[shard]! += 1;
    place(index, position + 1, hash);
  }
}

const EMPTY = new Float64Array(0);

function place(index: Int32Array, entry: number, hash: number): void {
  const mask = index.length / 2 - 1;
  let slot = (hash >>> 12) & mask;
  while (index[2 * slot] !== 0) slot = (slot + 1) & mask;
  index[2 * slot] = entry;
  index[2 * slot + 1] = hash;
}
