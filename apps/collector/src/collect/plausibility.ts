/** What an answer looked like, as far as judging the next one goes. */
export interface AnswerShape {
  readonly rows: number;
  readonly hasLiquid: boolean;
}

export interface PlausibilityOptions {
  readonly minShareOfLast: number;
  readonly believeAfterMs: number;
}

export interface PlausibilityState {
  readonly last: AnswerShape | undefined;
  /** Since when, on the monotonic clock, answers have been implausible without a good one between. */
  readonly doubtedSince: number | undefined;
}

export const NO_ANSWER_YET: PlausibilityState = { last: undefined, doubtedSince: undefined };

export type Verdict =
  | { readonly plausible: true; readonly state: PlausibilityState }
  | { readonly plausible: false; readonly state: PlausibilityState; readonly reason: string };

/**
 * Judges an answer by the last good one: venues under stress answer 200 with half a body. Without a good one before,
 * anything with a row in it will do. A smaller answer that stays for `believeAfterMs` becomes the new measure.
 */
export function judge(
  state: PlausibilityState,
  shape: AnswerShape,
  options: PlausibilityOptions,
  now: number,
): Verdict {
  const reason = doubt(state.last, shape, options.minShareOfLast);
  if (reason === undefined) return { plausible: true, state: { last: shape, doubtedSince: undefined } };
  const since = state.doubtedSince ?? now;
  if (shape.rows > 0 && now - since >= options.believeAfterMs && state.doubtedSince !== undefined) {
    return { plausible: true, state: { last: shape, doubtedSince: undefined } };
  }
  return { plausible: false, reason, state: { last: state.last, doubtedSince: since } };
}

function doubt(last: AnswerShape | undefined, shape: AnswerShape, share: number): string | undefined {
  if (shape.rows === 0) return 'no rows';
  if (last === undefined) return undefined;
  if (shape.rows < last.rows * share) return `${shape.rows} rows after ${last.rows} in the last good answer`;
  return last.hasLiquid && !shape.hasLiquid ? 'the most liquid contract is missing' : undefined;
}

/** The first native id that comes twice. */
export function repeated(symbolIds: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return symbolIds.find((id) => seen.size === seen.add(id).size);
}
