import Table from 'cli-table3';
import pc from 'picocolors';
import type { VenueAudit } from './auditor.js';
import type { Freshness } from './freshness.js';
import type { ProtectionCounts } from './protection.js';
import type { Recovery } from './recoveries.js';

export interface ExchangeSummary extends VenueAudit, ProtectionCounts {
  readonly recoveries: number;
  readonly longestRecoveryMs: number;
}

export interface DemoSummary extends Omit<ExchangeSummary, 'recoveries'> {
  readonly seed: number;
  readonly faults: string;
  readonly durationMs: number;
  /** Observations stored during this run. */
  readonly observations: number;
  /** Whether everything accepted was stored in time. */
  readonly drained: boolean;
  readonly recoveries: number;
  /** Shares of the seconds of the run, as a reader of `/rates/latest` saw them. */
  readonly freshness: Freshness;
  readonly exchanges: Readonly<Record<string, ExchangeSummary>>;
}

const SUMMED = [
  'stored',
  'distinct',
  'lost',
  'wrong',
  'missed',
  'filled',
  'duplicated',
  'calls',
  'retries',
  'refusals',
  'breakerOpenings',
  'limiterWaits',
  'rateLimitViolations',
  'impatient',
  'recoveries',
] as const;

export interface RunFacts {
  readonly seed: number;
  readonly faults: string;
  readonly durationMs: number;
  readonly observations: number;
  readonly drained: boolean;
  readonly freshness: Freshness;
}

/** The whole run out of what was audited and counted for each exchange. */
export function summaryOf(
  run: RunFacts,
  audits: ReadonlyMap<string, VenueAudit>,
  counts: ReadonlyMap<string, ProtectionCounts>,
  recoveries: readonly Recovery[],
): DemoSummary {
  const exchanges: Record<string, ExchangeSummary> = {};
  for (const [id, audit] of audits) {
    const own = recoveries.filter(({ venue }) => venue === id);
    const { calls, retries, refusals, breakerOpenings, limiterWaits } = counts.get(id) ?? NOTHING;
    exchanges[id] = {
      ...audit,
      calls,
      retries,
      refusals,
      breakerOpenings,
      limiterWaits,
      recoveries: own.length,
      longestRecoveryMs: longest(own),
    };
  }
  const sums = Object.fromEntries(
    SUMMED.map((field) => [field, Object.values(exchanges).reduce((sum, exchange) => sum + exchange[field], 0)]),
  ) as Record<(typeof SUMMED)[number], number>;
  return { ...run, ...sums, longestRecoveryMs: longest(recoveries), exchanges };
}

const NOTHING: ProtectionCounts = { calls: 0, retries: 0, refusals: 0, breakerOpenings: 0, limiterWaits: 0 };

function longest(recoveries: readonly Recovery[]): number {
  return recoveries.reduce((most, { ms }) => Math.max(most, Math.round(ms)), 0);
}

/** Whether the run kept what the collector promises. */
export function isClean({ lost, wrong, duplicated, rateLimitViolations, drained }: DemoSummary): boolean {
  return lost === 0 && wrong === 0 && duplicated === 0 && rateLimitViolations === 0 && drained;
}

/** The summary to read. */
export function summaryText(summary: DemoSummary): string {
  const table = new Table({
    head: [
      'exchange',
      'stored',
      'lost',
      'dup',
      'missed',
      'filled',
      'calls',
      'retries',
      'refused',
      'opened',
      'waits',
      'recovery',
    ],
    style: { head: gray(), border: gray(), compact: true },
    colAligns: ['left', ...Array<'right'>(11).fill('right')],
  });
  for (const [id, it] of [...Object.entries(summary.exchanges), ['all', summary] as const]) {
    table.push([
      id,
      it.stored.toLocaleString('en'),
      zero(it.lost),
      zero(it.duplicated),
      String(it.missed),
      String(it.filled),
      String(it.calls),
      String(it.retries),
      String(it.refusals),
      String(it.breakerOpenings),
      String(it.limiterWaits),
      it.recoveries === 0 ? '–' : `${(it.longestRecoveryMs / 1_000).toFixed(1)} s`,
    ]);
  }
  const { stored, observations, recoveries, longestRecoveryMs, rateLimitViolations, drained } = summary;
  return [
    table.toString(),
    '',
    `${stored.toLocaleString('en')} settlements and ${observations.toLocaleString('en')} observations stored${drained ? '' : pc.red(', and rows left that could not be')}.`,
    `lost ${zero(summary.lost)}, wrong ${zero(summary.wrong)}, duplicated ${zero(summary.duplicated)}, rate limits violated ${zero(rateLimitViolations)}.`,
    `${summary.missed} settlements were told by no answer in time; ${summary.filled} of them were filled from history.`,
    `Rates answered ${percent(summary.freshness.answered)} of the time, fresh ${percent(summary.freshness.fresh)} of the time in which a host was sound.`,
    `${recoveries} recoveries, the longest ${(longestRecoveryMs / 1_000).toFixed(1)} s after the fault had ended.`,
  ].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function gray(): string[] {
  return pc.isColorSupported ? ['gray'] : [];
}

function zero(count: number): string {
  return count === 0 ? pc.green('0') : pc.red(String(count));
}
