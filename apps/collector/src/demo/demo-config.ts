import type { HostAddress } from '@marketprism/exchange-simulator';
import type { CollectorConfig } from '../config/collector.config.js';
import { parseConfig, withEnvironment } from '../config/load-config.js';
import { VENUE_IDS } from '../venues/venue.js';
import { VENUES } from '../venues/venues.js';
import type { DemoOptions } from './demo.options.js';

/** A day of settlements in a minute and a half, so that there is something to see. */
export const SETTLEMENT_MS = 5_000;
/**
 * Time runs hundreds of times faster than on the exchanges, so what is read once per settlement and contract needs more
 * of some limits than they allow. The simulator enforces, and the collector keeps, this multiple.
 */
const LIMIT_SCALE: Readonly<Record<string, number>> = { hyperliquid: 8, okx: 2 };
/** Groups of symbols that the simulator has. */
const LISTS: Readonly<Record<string, readonly string[]>> = { bitget: ['USDT-FUTURES', 'COIN-FUTURES'] };

export function simulatorArguments({
  faults,
  seed,
  duration,
}: Pick<DemoOptions, 'faults' | 'seed' | 'duration'>): string[] {
  return [
    '--seed',
    String(seed),
    '--settlement-ms',
    String(SETTLEMENT_MS),
    '--faults',
    faults,
    ...(duration === undefined ? [] : ['--faults-duration-ms', String(duration)]),
    ...Object.entries(LIMIT_SCALE).flatMap(([venue, factor]) => ['--limit-scale-by-venue', `${venue}=${factor}`]),
  ];
}

/** The collector on simulated exchanges: the same settings as on the live ones, on a faster clock. */
export function demoConfig(hosts: readonly HostAddress[], data: string, port: number, nodes = 1): CollectorConfig {
  const venues = Object.fromEntries(
    VENUE_IDS.map((id) => {
      const { limit, windowMs } = VENUES[id].limit;
      return [
        id,
        {
          hosts: hosts.filter(({ venue }) => venue === id).map(({ url }) => url),
          limit: { limit: limit * (LIMIT_SCALE[id] ?? 1), windowMs },
          ...(LISTS[id] !== undefined && { lists: LISTS[id] }),
        },
      ];
    }),
  );
  const config = parseConfig(
    {
      data,
      http: { port },
      store: { nodes },
      collect: {
        pollEveryMs: 2_000,
        beforeSettlementMs: 0,
        afterSettlementMs: 0,
        deadlineMs: 8_000,
        requestTimeoutMs: 700,
        historyEveryMs: 1_000,
        historyDepthMs: 600_000,
      },
      storage: { flushEveryMs: 250 },
      // The view shows what fires.
      alerts: { log: false },
      reliability: { retryBaseMs: 100, retryCapMs: 300, breakerOpenForMs: 300, breakerCapMs: 500 },
      venues,
    },
    'demo',
  );
  return withEnvironment(config, process.env);
}
