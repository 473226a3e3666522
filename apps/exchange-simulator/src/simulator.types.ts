import type { SettlementTable } from './audit/served-log.js';
import type { HostTraffic } from './audit/traffic.js';
import type { Fault } from './faults/fault-board.js';
import type { FaultInput } from './faults/fault.schema.js';
import type { Violation } from './limits/rate-limit-enforcer.js';
import type { VenueId } from './venues/venue.js';

/** Where a settlement was read: in the current answer, or in a history. */
export type Origin = 'current' | 'history';

export interface HostAddress {
  readonly venue: VenueId;
  readonly host: string;
  readonly url: string;
}

export interface InstrumentSummary {
  readonly symbolId: string;
  readonly group: string;
  /** False for dated futures and closed contracts, which settle no funding. */
  readonly settles: boolean;
  readonly intervalHours: number;
}

export interface VenueStats {
  readonly settlementMs: number;
  readonly mainGroup: string;
  readonly limitScale: number;
  readonly requests: number;
  /** Requests above a limit. */
  readonly violations: number;
  /** Requests before the time that a Retry-After had named. */
  readonly impatient: number;
  /** Distinct settlements served in current answers, and in histories. */
  readonly served: Readonly<Record<Origin, number>>;
  /** Rates served without a settlement time. */
  readonly undated: number;
  /** Served settlements that the bounded log has let go. */
  readonly forgotten: number;
  readonly hosts: Readonly<Record<string, HostTraffic>>;
}

export interface SimulatorStats {
  readonly seed: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly now: number;
  readonly venues: Readonly<Partial<Record<VenueId, VenueStats>>>;
}

export interface TableQuery {
  /** Epoch milliseconds, inclusive; the simulator's start by default. */
  readonly from?: number;
  /** Epoch milliseconds, inclusive; now by default. */
  readonly to?: number;
}

export interface ServedQuery extends TableQuery {
  /** @default 'current' */
  readonly origin?: Origin;
}

export interface PublishedQuery extends TableQuery {
  /** @default the venue's main list */
  readonly group?: string;
}

/** What the control API asks of the simulator. */
export interface Controlled {
  hosts(): readonly HostAddress[];
  instruments(venue: VenueId): readonly InstrumentSummary[];
  served(venue: VenueId, query?: ServedQuery): SettlementTable;
  published(venue: VenueId, query?: PublishedQuery): SettlementTable;
  faults(): readonly Fault[];
  addFaults(inputs: readonly FaultInput[]): readonly Fault[];
  endFault(id: string): boolean;
  violations(): readonly Violation[];
  stats(): SimulatorStats;
}
