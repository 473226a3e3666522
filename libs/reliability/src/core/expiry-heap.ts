/** What can be put in an {@link ExpiryHeap}; it keeps its own place. */
export interface Expiring {
  readonly expiresAt: number;
  /** Set by the heap; −1 outside it. */
  heapIndex: number;
}

/** A binary heap of expiries: the earliest is at hand, adding and removing any member are O(log n). */
export class ExpiryHeap<E extends Expiring> {
  readonly #heap: E[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** `Infinity` when empty. */
  get earliest(): number {
    return this.#heap.length === 0 ? Infinity : this.#heap[0]!.expiresAt;
  }

  /** The earliest member, if its time has come. It stays until removed. */
  due(now: number): E | undefined {
    return this.earliest <= now ? this.#heap[0] : undefined;
  }

  add(entry: E): void {
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  remove(entry: E): void {
    const index = entry.heapIndex;
    const last = this.#heap.pop()!;
    entry.heapIndex = -1;
    if (last === entry) return;
    this.#rise(last, index);
    this.#sink(last, last.heapIndex);
  }

  #rise(entry: E, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex]!;
      if (parent.expiresAt <= entry.expiresAt) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(entry, index);
  }

  #sink(entry: E, from: number): void {
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= this.#heap.length) break;
      const right = this.#heap[childIndex + 1];
      if (right !== undefined && right.expiresAt < this.#heap[childIndex]!.expiresAt) childIndex += 1;
      const child = this.#heap[childIndex]!;
      if (child.expiresAt >= entry.expiresAt) break;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(entry, index);
  }

  #place(entry: E, index: number): void {
    this.#heap[index] = entry;
    entry.heapIndex = index;
  }
}
