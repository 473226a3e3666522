/** How long a circuit stays open. */
export interface OpenTimeRules {
  /** First opening, in ms. */
  readonly openForMs: number;
  /** Each consecutive opening lasts this many times the one before. */
  readonly openForFactor: number;
  readonly openForCapMs: number;
  /** Share of the time by which chance may shorten it, 0 to 1. */
  readonly openForJitter: number;
}

/**
 * Time of the `opening`-th consecutive opening: `min(cap, first × factor^(opening − 1)) × (1 − jitter × chance)`. Chance
 * only shortens it, so that breakers of many processes that opened together do not probe together, and none stays open
 * longer than configured.
 * @param chance in [0, 1)
 */
export function openTimeMs(rules: OpenTimeRules, opening: number, chance: number): number {
  const escalated = rules.openForMs * rules.openForFactor ** (opening - 1);
  return Math.min(rules.openForCapMs, escalated) * (1 - rules.openForJitter * chance);
}
