import type { PolicySnapshot } from '@marketprism/reliability';
import type { ListPoller } from '../collect/list-poller.js';
import { protectionOf, type ProtectionState } from './protection.js';

/** One exchange as the live view shows it. */
export interface ExchangeProgress extends ProtectionState {
  readonly id: string;
  readonly polls: number;
  readonly failures: number;
  readonly rows: number;
  /** Age of the last good answer, in ms. */
  readonly ageMs: number | undefined;
  readonly ok: boolean | undefined;
  /** What the last poll said, in a few words. */
  readonly lastResult: string;
}

/** Puts together what the collector and its policies know of every exchange. */
export function progressOf(
  pollers: readonly ListPoller[],
  snapshots: readonly PolicySnapshot[],
  now: number,
): ExchangeProgress[] {
  const ids = [...new Set(pollers.map(({ settings }) => settings.venue.id))];
  return ids.map((id) => {
    const own = pollers.filter(({ settings }) => settings.venue.id === id).map(({ status }) => status);
    const sum = (pick: (status: (typeof own)[number]) => number): number =>
      own.reduce((total, status) => total + pick(status), 0);
    const last = own.flatMap(({ last }) => last ?? []).sort((a, b) => b.at - a.at)[0];
    const lastGoodAt = Math.max(...own.map(({ lastGoodAt }) => lastGoodAt ?? -Infinity));
    return {
      id,
      polls: sum(({ polls }) => polls),
      failures: sum(({ failures }) => failures),
      rows: sum(({ rows }) => rows),
      ageMs: lastGoodAt === -Infinity ? undefined : now - lastGoodAt,
      ok: last?.ok,
      lastResult: last === undefined ? 'starting' : last.ok ? `${last.accepted} rows` : shortened(last.error, id),
      ...protectionOf(snapshots, id),
    };
  });
}

function shortened(error: string, id: string): string {
  return error
    .replaceAll(/http:\/\/127\.0\.0\.1/g, '')
    .replace(`${id}: `, '')
    .slice(0, 60);
}
