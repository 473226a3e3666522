import {
  type ClassificationRule,
  createClassifier,
  type DashboardOptions,
  type ReliabilityModuleOptions,
} from '@marketprism/reliability';
import type { CollectorConfig } from './config/collector.config.js';
import type { VenueSettings } from './config/venue-settings.js';
import type { VenueId } from './venues/venue.js';
import { livePage } from './http/live-page.js';
import { isVenueError } from './venues/venue-error.js';

/** Policies of writing to the database. */
export const STORE = 'store';

/** Share of a venue's limit that is used evenly, and that may go at once after a rest: together below the whole. */
const STEADY_SHARE = 0.82;
const BURST_SHARE = 0.1;
/** What leaves within the limit may arrive this much closer together, in ms. */
const ARRIVAL_JITTER_MS = 150;

/** A venue's error knows its class: it was told by transport code, venue code and HTTP status. */
const venueRule: ClassificationRule = (error) =>
  isVenueError(error)
    ? {
        errorClass: error.errorClass,
        retryable: error.retryable,
        ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
      }
    : undefined;

const classify = createClassifier({ rules: [venueRule] });

/**
 * The limiter holds all requests for as long as a venue asked. What is tried again waits there, to go as soon as that is
 * over and by its priority; a longer wait than `patienceMs` ends the call.
 */
const heldByLimiter =
  (patienceMs: number): ClassificationRule =>
  (error) => {
    if (!isVenueError(error)) return undefined;
    const { errorClass, retryable, retryAfterMs = Infinity } = error;
    return errorClass === 'rateLimit' && retryAfterMs <= patienceMs ? { errorClass, retryable } : venueRule(error);
  };

/** The whole protection of the application: one set of policies for each venue, one for the store. */
export function reliabilityConfig(
  config: CollectorConfig,
  venues: ReadonlyMap<VenueId, VenueSettings>,
): ReliabilityModuleOptions & { readonly dashboard: DashboardOptions } {
  const { collect, reliability } = config;
  return {
    dashboard: livePage(process.env),
    policies: {
      ...Object.fromEntries(
        [...venues].map(([id, { hosts, limit }]) => [
          id,
          {
            deadline: { limitMs: collect.deadlineMs },
            retry: {
              attempts: reliability.retryAttempts,
              backoff: {
                kind: 'exponential',
                baseMs: reliability.retryBaseMs,
                capMs: reliability.retryCapMs,
              },
              classes: { data: { attempts: 2 }, client: { attempts: 1 }, auth: { attempts: 1 } },
              retryAfter: { maxMs: collect.deadlineMs, beyond: 'stop' },
              rules: [heldByLimiter(collect.deadlineMs)],
            },
            circuitBreaker: {
              consecutiveFailures: 8,
              openForMs: reliability.breakerOpenForMs,
              openForCapMs: reliability.breakerCapMs,
              retryAfterCapMs: 3 * 86_400_000,
              slowCallRate: false,
              windowMs: 30_000,
              classify,
            },
            // One for all hosts of a venue: it counts by client address. Empty at first, since the venue still
            // counts what was used before a restart.
            rateLimit: {
              algorithm: 'token-bucket',
              limit: Math.max(1, Math.floor(limit.limit * STEADY_SHARE)),
              windowMs: limit.windowMs,
              burst: Math.max(1, Math.floor(limit.limit * BURST_SHARE)),
              initialPermits: 0,
              jitterMs: ARRIVAL_JITTER_MS,
              maxWaitMs: collect.deadlineMs,
              longestPauseMs: 3 * 86_400_000,
              classify,
            },
            balancer: {
              strategy: 'adaptive',
              endpoints: hosts.map((url) => ({ id: url, url })),
              passiveHealth: {
                consecutiveFailures: 2,
                baseEjectionMs: reliability.breakerOpenForMs,
                maxEjectionMs: reliability.breakerCapMs,
              },
              classify,
            },
            timeLimit: { limitMs: collect.requestTimeoutMs },
          },
        ]),
      ),
      [STORE]: {
        retry: { attempts: 5, backoff: { kind: 'exponential', baseMs: 200, capMs: 5_000 } },
      },
    },
  };
}
