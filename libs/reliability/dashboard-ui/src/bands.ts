import type { TimelineEntry } from '../../src/dashboard/wire.js';

/** A stretch of time in one state. */
export interface Stretch {
  readonly state: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The states of the circuit without key between `from` and `to`, from its transitions and the state it is in.
 * Before the first transition it was in what that one left; without any, in `current`.
 */
export function stretches(
  log: readonly TimelineEntry[],
  current: string,
  from: number,
  to: number,
): readonly Stretch[] {
  const found: Stretch[] = [];
  const own = log.filter(({ kind, key }) => kind === 'circuit' && key === undefined);
  let state = own.findLast(({ at }) => at <= from)?.to ?? own[0]?.from ?? current;
  let since = from;
  for (const entry of own) {
    if (entry.at <= from || entry.at > to) continue;
    if (entry.at > since) found.push({ state, from: since, to: entry.at });
    state = entry.to ?? state;
    since = entry.at;
  }
  if (to > since) found.push({ state, from: since, to });
  return found;
}
