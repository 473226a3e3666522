import { checkedKey } from './acquire.js';
import { KeyTable } from './key-table.js';

/** What happens to a new key when all are taken: the key used least recently is forgotten, or the new one refused. */
export type AtCapacity = 'forget-oldest' | 'refuse';

const KEYS_PER_SHARD = 4_096;
const MOST_SHARDS = 4_096;

/**
 * A few numbers for each of up to a million keys and more, at some 20 B each beside the numbers and the key itself.
 *
 * Keys live in two generations. One that is used moves to the young one; when a generation's time is over the old one
 * is dropped whole, so a key is forgotten one to two periods after its last use, with no timer and no sweep.
 */
export class KeyedCells {
  #young: KeyTable;
  #old: KeyTable;
  #until: number;
  readonly #shards: number;
  #lastKey: string | undefined;
  #lastAt = 0;
  /** The array that holds the numbers of the key located last. */
  state: Float64Array = new Float64Array(0);
  /** Keys forgotten before their time because all were taken. */
  forgotten = 0;

  constructor(
    private readonly cellsPerKey: number,
    private readonly maxKeys: number,
    private readonly atCapacity: AtCapacity,
    /** Unused for so long, a key may be forgotten. */
    private readonly periodMs: number,
    /** Keeps whoever chooses the keys from choosing where they fall. */
    private readonly seed: number,
    now: number,
    private readonly start: (state: Float64Array, at: number) => void,
  ) {
    this.#shards = 2 ** Math.max(0, Math.ceil(Math.log2(Math.min(MOST_SHARDS, maxKeys / KEYS_PER_SHARD))));
    this.#young = this.#table();
    this.#old = this.#table();
    this.#until = now + periodMs;
  }

  /** Keys remembered. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Drops the keys whose time is over. O(1). */
  expire(now: number): void {
    if (now < this.#until) return;
    const idle = now >= this.#until + this.periodMs;
    this.#rotate();
    if (idle) this.#rotate();
    this.#until = now + this.periodMs;
  }

  /**
   * Finds a key's numbers, or makes room and starts them.
   * @returns where they begin in {@link state}; −1 when all keys are taken and new ones are refused
   */
  locate(key: string, now: number): number {
    if (now >= this.#until) this.expire(now);
    else if (key === this.#lastKey) return this.#lastAt;
    const hash = hashOf(checkedKey(key)!, this.seed);
    const known = this.#young.find(key, hash);
    const position = known >= 0 ? known : this.#bring(key, hash);
    if (position < 0) return -1;
    this.state = this.#young.cellsOf(position);
    this.#lastKey = key;
    return (this.#lastAt = this.#young.offsetOf(position));
  }

  /** From the old generation, or new. */
  #bring(key: string, hash: number): number {
    const old = this.#old.find(key, hash);
    if (old < 0) return this.#add(key, hash);
    this.#old.remove(old);
    const position = this.#young.add(key, hash);
    const [source, from] = [this.#old.cellsOf(old), this.#old.offsetOf(old)];
    const [target, to] = [this.#young.cellsOf(position), this.#young.offsetOf(position)];
    for (let cell = 0; cell < this.cellsPerKey; cell += 1) target[to + cell] = source[from + cell]!;
    return position;
  }

  #add(key: string, hash: number): number {
    if (this.size >= this.maxKeys) {
      if (this.atCapacity === 'refuse') return -1;
      if (this.#old.size === 0) this.#rotate();
      this.#old.removeOldest();
      this.forgotten += 1;
    }
    const position = this.#young.add(key, hash);
    this.start(this.#young.cellsOf(position), this.#young.offsetOf(position));
    return position;
  }

  #rotate(): void {
    this.#old = this.#young;
    this.#young = this.#table();
    this.#lastKey = undefined;
  }

  #table(): KeyTable {
    return new KeyTable(this.cellsPerKey, this.#shards);
  }
}

/** FNV-1a (Fowler, Noll, Vo) over UTF-16 units, started from a seed, with the finalizer of MurmurHash3 (A. Appleby). */
function hashOf(text: string, seed: number): number {
  let hash = seed | 0;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
