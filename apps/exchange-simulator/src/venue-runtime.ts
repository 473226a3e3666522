import { PatienceWatch } from './audit/patience-watch.js';
import { ServedLog, type SettlementTable } from './audit/served-log.js';
import { emptyTraffic, increment, type HostTraffic } from './audit/traffic.js';
import { deliver, type Delivery } from './faults/delivery.js';
import type { FaultBoard } from './faults/fault-board.js';
import type { RateLimitEnforcer } from './limits/rate-limit-enforcer.js';
import { hashText, uniformAt } from './series/hash.js';
import type { FundingSeries } from './series/funding-series.js';
import type { Receipt } from './server/send.js';
import type { Origin } from './simulator.types.js';
import {
  settles,
  settlementTimes,
  type Instrument,
  type Route,
  type Venue,
  type VenueWorld,
  type WireAnswer,
  type WireRequest,
} from './venues/venue.js';

export interface VenueRuntimeOptions {
  readonly venue: Venue;
  readonly bases: readonly string[];
  readonly series: FundingSeries;
  readonly seed: number;
  readonly servedCapacity: number;
  readonly enforcer: RateLimitEnforcer;
  readonly board: FaultBoard;
}

/** A venue at work: answers requests of any of its hosts, under its limits and faults, and keeps the books. */
export class VenueRuntime {
  readonly venue: Venue;
  readonly series: FundingSeries;
  readonly instruments: readonly Instrument[];
  readonly traffic = new Map<string, HostTraffic>();
  readonly patience = new PatienceWatch();
  undatedServed = 0;
  private readonly world: VenueWorld;
  private readonly seed: number;
  private readonly enforcer: RateLimitEnforcer;
  private readonly board: FaultBoard;
  private readonly served: Readonly<Record<Origin, ServedLog>>;
  private draws = 0;

  constructor({ venue, bases, series, seed, servedCapacity, enforcer, board }: VenueRuntimeOptions) {
    this.venue = venue;
    this.series = series;
    this.seed = seed;
    this.enforcer = enforcer;
    this.board = board;
    this.instruments = venue.list(bases, series);
    this.world = { instruments: this.instruments, series };
    this.served = { current: new ServedLog(servedCapacity), history: new ServedLog(servedCapacity) };
  }

  /**
   * What a request gets.
   *
   * @param earliest when it may have come at the earliest, epoch milliseconds: later than that the event loop was free
   */
  answer(host: string, request: WireRequest, address: string, earliest = request.now): Delivery {
    this.trafficOf(host).requests += 1;
    this.patience.seen(request.now);
    const faults = this.board.activeOn(host, request.now);
    const delivery = deliver(this.ownAnswer(request, address, earliest), faults, this.venue.trouble, request.now, () =>
      this.uniform(host),
    );
    for (const fault of delivery.faults) this.board.markAffected(fault);
    return delivery;
  }

  settled(host: string, { answer, faults, sound }: Delivery, receipt: Receipt, now: number): void {
    const traffic = this.trafficOf(host);
    for (const { kind } of faults) increment(traffic.byFault, kind);
    if (receipt === 'broken') traffic.broken += 1;
    else increment(traffic.byStatus, String(answer.status));
    if (receipt === 'uncertain') traffic.uncertain += 1;
    if (receipt === 'received') this.patience.told(answer, now);
    if (receipt !== 'received' || !sound) return;
    this.undatedServed += answer.undated ?? 0;
    this.served.current.record(this.venue.id, answer.current ?? []);
    this.served.history.record(this.venue.id, answer.history ?? []);
  }

  servedCount(origin: Origin): number {
    return this.served[origin].count(this.venue.id);
  }

  forgotten(): number {
    return this.served.current.forgotten + this.served.history.forgotten;
  }

  servedTable(origin: Origin, from: number, to: number): SettlementTable {
    return this.served[origin].table(this.venue.id, from, to);
  }

  /** The main list's name. */
  mainGroup(): string {
    return this.instruments[0]?.group ?? '';
  }

  publishedCount(from: number, to: number, group: string): number {
    return Math.max(0, Math.floor((to - from) / this.series.settlementMs) + 1) * this.settling(group).length;
  }

  /** Every settlement of a group with from ≤ time ≤ to, from the series. */
  publishedTable(from: number, to: number, group: string): SettlementTable {
    const settling = this.settling(group);
    const times = settlementTimes(this.series, from, to, Number.POSITIVE_INFINITY);
    return Object.fromEntries(
      times
        .toReversed()
        .map((time) => [
          String(time),
          Object.fromEntries(settling.map((it) => [it.id, this.venue.rateLexeme(it, this.series, time)])),
        ]),
    );
  }

  /** The rate of one settlement, past or to come, as the venue writes it; null for what settles nothing. */
  rateAt(symbolId: string, settlementTime: number): string | null {
    const it = this.instruments.find((candidate) => candidate.id === symbolId);
    return it !== undefined && settles(it) ? this.venue.rateLexeme(it, this.series, settlementTime) : null;
  }

  private settling(group: string): readonly Instrument[] {
    return this.instruments.filter((it) => it.group === group && settles(it));
  }

  private ownAnswer(request: WireRequest, address: string, earliest: number): WireAnswer {
    const route = this.routeOf(request);
    if (route === undefined) return this.venue.trouble.notFound(request);
    const { trouble, id, limitHeaders } = this.venue;
    const charge = route.charge(request);
    const admission = this.enforcer.charge(id, address, charge, request.now, earliest);
    const answer = admission.admitted
      ? route.answer(request, this.world)
      : (trouble.overLimit ?? trouble.rateLimited)(admission.retryAfterMs, request.now);
    if (admission.admitted && route.surcharge !== undefined) {
      this.enforcer.surcharge(id, address, charge, route.surcharge(answer, request), request.now);
    }
    return { ...answer, headers: { ...limitHeaders(admission, request.now), ...answer.headers } };
  }

  private routeOf({ method, path }: WireRequest): Route | undefined {
    return this.venue.routes.find((route) => route.method === method && route.path.test(path));
  }

  private trafficOf(host: string): HostTraffic {
    let traffic = this.traffic.get(host);
    if (traffic === undefined) {
      traffic = emptyTraffic();
      this.traffic.set(host, traffic);
    }
    return traffic;
  }

  private uniform(host: string): number {
    this.draws += 1;
    return uniformAt(this.seed, hashText(host), this.draws, 300);
  }
}
