/** Queues by how many wait in them; finds the longest without looking at the others. */
export class ByLength<Queue> {
  readonly #queues: Set<Queue>[] = [];

  /** One of the longest; `undefined` when nobody waits anywhere. */
  get longest(): Queue | undefined {
    return this.#queues.at(-1)?.values().next().value;
  }

  /** A queue has become longer or shorter. Length 0 is not kept. */
  move(queue: Queue, from: number, to: number): void {
    if (from > 0) this.#queues[from - 1]!.delete(queue);
    while (this.#queues.length < to) this.#queues.push(new Set());
    if (to > 0) this.#queues[to - 1]!.add(queue);
    while (this.#queues.at(-1)?.size === 0) this.#queues.pop();
  }
}
