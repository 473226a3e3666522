export type Labels = Readonly<Record<string, string>>;

/** Label sets kept at most, below one root. */
const MOST = 100_000;

/**
 * Labels of a series, made once and then found again: what prom-client makes of them it keeps for as long as it is given
 * the same object.
 */
export class LabelSet {
  #children: Map<string, Map<string, LabelSet>> | undefined;

  private constructor(
    readonly labels: Labels,
    private readonly kept: { count: number },
  ) {}

  /** A set without labels, to begin with. */
  static root(): LabelSet {
    return new LabelSet({}, { count: 0 });
  }

  /** The set with one label more. */
  with(label: string, value: string): LabelSet {
    let byValue = this.#children?.get(label);
    if (byValue === undefined) (this.#children ??= new Map()).set(label, (byValue = new Map()));
    let set = byValue.get(value);
    if (set === undefined) {
      set = new LabelSet({ ...this.labels, [label]: value }, this.kept);
      byValue.set(value, set);
      this.kept.count += 1;
    }
    return set;
  }

  /** Forgets all sets below this one when there are too many: those of what is gone are among them. */
  prune(): void {
    if (this.kept.count <= MOST) return;
    this.#children = undefined;
    this.kept.count = 0;
  }
}
