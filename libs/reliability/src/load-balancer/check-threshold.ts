/** Verdict of the active checks and the run of answers that speak against it. */
export interface CheckState {
  readonly verdict: 'unknown' | 'healthy' | 'unhealthy';
  /** Answers in a row that contradict the verdict. */
  readonly against: number;
}

export interface CheckThresholds {
  /** Good answers in a row after which an unhealthy endpoint is healthy. */
  readonly healthyThreshold: number;
  /** Bad answers in a row after which an endpoint is unhealthy. */
  readonly unhealthyThreshold: number;
}

/** The first good answer makes an unknown endpoint healthy; everything else takes a row of the threshold's length. */
export function noteCheck(
  state: CheckState,
  good: boolean,
  { healthyThreshold, unhealthyThreshold }: CheckThresholds,
): CheckState {
  if (good && state.verdict !== 'unhealthy') return { verdict: 'healthy', against: 0 };
  if (!good && state.verdict === 'unhealthy') return { verdict: 'unhealthy', against: 0 };
  const against = state.against + 1;
  if (good) return against >= healthyThreshold ? { verdict: 'healthy', against: 0 } : { ...state, against };
  return against >= unhealthyThreshold ? { verdict: 'unhealthy', against: 0 } : { ...state, against };
}
