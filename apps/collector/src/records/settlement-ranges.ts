/**
 * Remembers, for each contract, the stretch of settlements that histories have told, so that a history which is read
 * again gives only what is new.
 */
export class SettlementRanges {
  readonly #ranges = new Map<string, { from: number; to: number }>();

  /** The settlements outside of the known stretch; it grows to include them. */
  fresh<Row extends { readonly symbolId: string; readonly fundingTime: number }>(rows: readonly Row[]): Row[] {
    const bySymbol = new Map<string, Row[]>();
    for (const row of rows) {
      const told = bySymbol.get(row.symbolId);
      if (told === undefined) bySymbol.set(row.symbolId, [row]);
      else told.push(row);
    }
    return [...bySymbol].flatMap(([symbolId, told]) => this.#freshOf(symbolId, told));
  }

  #freshOf<Row extends { readonly fundingTime: number }>(symbolId: string, told: readonly Row[]): Row[] {
    const from = Math.min(...told.map(({ fundingTime }) => fundingTime));
    const to = Math.max(...told.map(({ fundingTime }) => fundingTime));
    const known = this.#ranges.get(symbolId);
    // Between two stretches that do not touch there may be settlements that nobody told of.
    const touching = known !== undefined && from <= known.to && to >= known.from;
    this.#ranges.set(
      symbolId,
      touching ? { from: Math.min(from, known.from), to: Math.max(to, known.to) } : { from, to },
    );
    if (known === undefined) return [...told];
    return told.filter(({ fundingTime }) => fundingTime < known.from || fundingTime > known.to);
  }
}
