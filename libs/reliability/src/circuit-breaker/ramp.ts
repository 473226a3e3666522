/**
 * Share of calls admitted `elapsedMs` after recovery: from `from` in a straight line to 1 after `rampMs`.
 * @returns at least `from`, at most 1
 */
export function rampShare(elapsedMs: number, rampMs: number, from: number): number {
  if (elapsedMs >= rampMs) return 1;
  return from + (1 - from) * (Math.max(0, elapsedMs) / rampMs);
}
