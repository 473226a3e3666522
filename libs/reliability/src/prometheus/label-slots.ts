/** The value of a label that stands for all those without series of their own. */
export const OTHER = 'other';

/**
 * Bounds how many values of a label have series: the first ones keep theirs, the rest are added up as `other`. Once
 * added up a value stays so, or the total of `other` would fall, which a counter must not. A value that is gone gives its
 * place to one that has not been seen yet.
 */
export class LabelSlots {
  readonly #places = new Map<string, Map<string, boolean>>();

  /**
   * @param owner whose label values these are
   * @param values all values there are at present, the most important first
   * @returns for each value, whether it has series of its own
   */
  assign(owner: string, values: readonly string[], most: number): ReadonlyMap<string, boolean> {
    const before = this.#places.get(owner);
    const places = new Map<string, boolean>();
    let own = 0;
    for (const value of values) {
      const place = before?.get(value);
      if (place === undefined) continue;
      places.set(value, place);
      if (place) own += 1;
    }
    for (const value of values) {
      if (places.has(value)) continue;
      places.set(value, own < most);
      own += 1;
    }
    this.#places.set(owner, places);
    return places;
  }
}
