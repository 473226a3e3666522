/** One reading of a series. */
export interface Sample {
  /** When, in ms from any origin; only differences count. */
  readonly at: number;
  /** The value; of a ratio, the part: failures so far. */
  readonly value: number;
  /** Of a ratio, the whole: calls so far, or the capacity. */
  readonly total?: number;
}

/** A sample, or the same as `[at, value]` or `[at, value, total]`. */
export type SampleInput = Sample | readonly [at: number, value: number, total?: number];

/** The sample when it can be used: every number finite, and later than `after`. */
export function usableSample(input: SampleInput, after: number): Sample | undefined {
  const sample = isTuple(input) ? { at: input[0], value: input[1], total: input[2] } : input;
  const { at, value, total } = sample;
  if (!Number.isFinite(at) || !Number.isFinite(value) || at <= after) return undefined;
  return total === undefined || Number.isFinite(total) ? sample : undefined;
}

/** Value over total where there is a total, else the value itself; `undefined` without anything to divide by. */
export function levelOf({ value, total }: Sample): number | undefined {
  if (total === undefined) return value;
  return total > 0 ? value / total : undefined;
}

function isTuple(input: SampleInput): input is readonly [at: number, value: number, total?: number] {
  return Array.isArray(input);
}
