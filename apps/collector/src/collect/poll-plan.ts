export interface PlanOptions {
  readonly pollEveryMs: number;
  /** Share of the interval by which a poll may come earlier or later. */
  readonly jitter: number;
  readonly beforeSettlementMs: number;
  readonly afterSettlementMs: number;
}

/** Between a poll that failed without saying until when and the next, as a share of the interval. */
const AFTER_FAILURE = 1 / 6;
/** However soon a refusal says to come back, not sooner, in ms. */
const LEAST_PAUSE_MS = 100;
/** Timers may fire this much early: who comes back then is refused once more, in ms. */
const TIMER_SLACK_MS = 2;

/** A list that never answered is left alone for at most this long, in ms. */
const LONGEST_PAUSE_MS = 600_000;

/**
 * When to poll a list that has never answered again, in ms: it may be one that the venue does not have, and its failures
 * count for the whole venue.
 */
export function hopelessPollIn(pollEveryMs: number, failures: number): number {
  return Math.min(Math.max(pollEveryMs, LONGEST_PAUSE_MS), pollEveryMs * 2 ** Math.min(20, Math.max(0, failures - 2)));
}

/**
 * When to poll again after a failure, in ms: when the refusal said, else after a sixth of the interval, in any case with
 * the next regular poll.
 */
export function retryPollIn(pollEveryMs: number, retryAfterMs: number | undefined, regularIn: number): number {
  const pause = retryAfterMs === undefined ? pollEveryMs * AFTER_FAILURE : Math.ceil(retryAfterMs) + TIMER_SLACK_MS;
  return Math.min(regularIn, Math.max(LEAST_PAUSE_MS, pause));
}

/**
 * When to poll next, in ms from now: after the interval, give or take the jitter, counted from the last poll's start so
 * that slow answers do not stretch it; sooner when a settlement calls for a look right before or right after it.
 * @param random in [0, 1)
 */
export function nextPollIn(
  options: PlanOptions,
  startedAt: number,
  now: number,
  nextSettlement: number | undefined,
  random: number,
): number {
  const { pollEveryMs, jitter, beforeSettlementMs, afterSettlementMs } = options;
  const regular = startedAt + pollEveryMs * (1 + jitter * (2 * random - 1));
  const looks: number[] = [];
  if (nextSettlement !== undefined) {
    if (beforeSettlementMs > 0) looks.push(nextSettlement - beforeSettlementMs);
    if (afterSettlementMs > 0) looks.push(nextSettlement + afterSettlementMs);
  }
  const look = Math.min(...looks.filter((time) => time > startedAt));
  return Math.max(0, Math.min(regular, look) - now);
}

/** Where in the interval each of several pollers starts, in ms, so that they are spread over it evenly. */
export function firstPollIn(index: number, count: number, pollEveryMs: number): number {
  return Math.floor((pollEveryMs * index) / Math.max(1, count));
}
