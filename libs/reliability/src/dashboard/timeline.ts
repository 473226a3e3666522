import type { TimelineEntry } from './wire.js';

export interface TimelineOptions {
  /** Entries kept for one name; older ones go. Default 100. */
  readonly perName?: number;
  /** Names kept; the one that was quiet longest goes. Default 1,000. */
  readonly names?: number;
}

/** The latest transitions of every name, within bounds. */
export class Timeline {
  readonly #byName = new Map<string, TimelineEntry[]>();
  readonly #perName: number;
  readonly #names: number;

  constructor({ perName = 100, names = 1_000 }: TimelineOptions = {}) {
    this.#perName = perName;
    this.#names = names;
  }

  add(entry: TimelineEntry): void {
    const own = this.#byName.get(entry.name) ?? [];
    own.push(entry);
    if (own.length > this.#perName) own.shift();
    // Last in the map is the one that was heard of last.
    this.#byName.delete(entry.name);
    this.#byName.set(entry.name, own);
    if (this.#byName.size > this.#names) this.#byName.delete(this.#byName.keys().next().value!);
  }

  /** Everything kept, in the order of time. */
  entries(): TimelineEntry[] {
    return [...this.#byName.values()].flat().toSorted((a, b) => a.at - b.at);
  }
}
