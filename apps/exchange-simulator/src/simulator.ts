import { setTimeout as delay } from 'node:timers/promises';
import type { SettlementTable } from './audit/served-log.js';
import { FaultBoard, type Fault } from './faults/fault-board.js';
import { readFaultFile } from './faults/fault-file.js';
import { faultSchema, type FaultInput } from './faults/fault.schema.js';
import { PortKeeper } from './faults/port-keeper.js';
import { BLOCK_MS, scheduleBlock, type ScheduleName } from './faults/schedules.js';
import { RateLimitEnforcer, type Violation } from './limits/rate-limit-enforcer.js';
import { InvalidInputError, parseInput } from './problems.js';
import { baseCoins } from './series/bases.js';
import { FundingSeries } from './series/funding-series.js';
import { ControlServer } from './server/control-server.js';
import { HostServer } from './server/host-server.js';
import { LoopWatch } from './server/loop-watch.js';
import { simulatorOptionsSchema, type ResolvedSimulatorOptions, type SimulatorOptions } from './simulator.options.js';
import type {
  Controlled,
  HostAddress,
  InstrumentSummary,
  PublishedQuery,
  ServedQuery,
  SimulatorStats,
  VenueStats,
} from './simulator.types.js';
import { VenueRuntime } from './venue-runtime.js';
import { VENUES } from './venues/registry.js';
import { settles, type VenueId } from './venues/venue.js';

const MOST_PUBLISHED = 1_000_000;

/** The exchanges, running. */
export class Simulator implements Controlled {
  readonly options: ResolvedSimulatorOptions;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  private readonly runtimes = new Map<VenueId, VenueRuntime>();
  private readonly servers = new Map<VenueId, readonly HostServer[]>();
  private readonly enforcer: RateLimitEnforcer;
  private readonly board: FaultBoard;
  private readonly keeper: PortKeeper;
  private readonly control: ControlServer;
  private readonly loop = new LoopWatch(Date.now);
  private readonly stopping = new AbortController();
  private closing: Promise<void> | null = null;

  /** Use `startSimulator`. */
  constructor(options: ResolvedSimulatorOptions) {
    this.options = options;
    this.startedAt = Date.now();
    this.enforcer = new RateLimitEnforcer((venue) => options.limitScaleByVenue[venue] ?? options.limitScale);
    this.board = new FaultBoard((venue) => (this.servers.get(venue) ?? []).map(({ id }) => id));
    const bases = baseCoins(options.symbolsPerVenue);
    for (const id of new Set(options.venues)) {
      const settlementMs = options.settlementMsByVenue[id] ?? options.settlementMs;
      const runtime = new VenueRuntime({
        venue: VENUES[id],
        bases,
        series: new FundingSeries({ seed: options.seed, settlementMs }),
        seed: options.seed,
        servedCapacity: Math.ceil(options.servedCapacity / options.venues.length),
        enforcer: this.enforcer,
        board: this.board,
      });
      this.runtimes.set(id, runtime);
      this.servers.set(id, this.makeHosts(runtime));
    }
    this.keeper = new PortKeeper([...this.servers.values()].flat(), this.board, Date.now);
    this.control = new ControlServer(this);
  }

  /** Base address of the control API. */
  get controlUrl(): string {
    return this.control.url;
  }

  hosts(): readonly HostAddress[] {
    return [...this.servers].flatMap(([venue, servers]) =>
      servers.map((server) => ({ venue, host: server.id, url: server.url })),
    );
  }

  instruments(venue: VenueId): readonly InstrumentSummary[] {
    return this.runtime(venue).instruments.map((it) => ({
      symbolId: it.id,
      group: it.group,
      settles: settles(it),
      intervalHours: it.intervalHours,
    }));
  }

  /** Settlements in answers that were complete, valid and received. */
  served(
    venue: VenueId,
    { from = this.startedAt, to = Date.now(), origin = 'current' }: ServedQuery = {},
  ): SettlementTable {
    // The current answer speaks of the settlement to come, which is later than now.
    const runtime = this.runtime(venue);
    return runtime.servedTable(origin, from, origin === 'current' ? to + runtime.series.settlementMs : to);
  }

  /**
   * Settlements that took place, from the series.
   *
   * @throws InvalidInputError for more than a million.
   */
  published(venue: VenueId, { from = this.startedAt, to = Date.now(), group }: PublishedQuery = {}): SettlementTable {
    const runtime = this.runtime(venue);
    const until = Math.min(to, Date.now());
    const wanted = group ?? runtime.mainGroup();
    const count = runtime.publishedCount(from, until, wanted);
    if (count > MOST_PUBLISHED) {
      throw new InvalidInputError('Published settlements', [`from: at most ${MOST_PUBLISHED} at once; got ${count}`]);
    }
    return runtime.publishedTable(from, until, wanted);
  }

  /** The rate of one settlement, past or to come, as the venue writes it; null for what settles nothing. */
  rateAt(venue: VenueId, symbolId: string, settlementTime: number): string | null {
    return this.runtime(venue).rateAt(symbolId, settlementTime);
  }

  faults(): readonly Fault[] {
    return this.board.all();
  }

  /**
   * Adds faults that begin `startMs` after now.
   *
   * @throws InvalidInputError naming every problem; then none is added.
   */
  addFaults(inputs: readonly FaultInput[]): readonly Fault[] {
    return this.schedule(inputs, Date.now());
  }

  /** Ends a fault now. False when there is no such fault. */
  endFault(id: string): boolean {
    const ended = this.board.end(id, Date.now());
    this.keeper.review();
    return ended;
  }

  /** The latest 1,000 requests above a limit. */
  violations(): readonly Violation[] {
    return this.enforcer.violations();
  }

  stats(): SimulatorStats {
    const venues = [...this.runtimes].map(([id, runtime]) => {
      const hosts = Object.fromEntries(runtime.traffic);
      const stats: VenueStats = {
        settlementMs: runtime.series.settlementMs,
        mainGroup: runtime.mainGroup(),
        limitScale: this.options.limitScaleByVenue[id] ?? this.options.limitScale,
        requests: Object.values(hosts).reduce((sum, { requests }) => sum + requests, 0),
        violations: this.enforcer.violationCount(id),
        impatient: runtime.patience.impatient,
        served: { current: runtime.servedCount('current'), history: runtime.servedCount('history') },
        undated: runtime.undatedServed,
        forgotten: runtime.forgotten(),
        hosts,
      };
      return [id, stats] as const;
    });
    return {
      seed: this.options.seed,
      startedAt: this.startedAt,
      now: Date.now(),
      venues: Object.fromEntries(venues),
    };
  }

  /** Opens every port; then faults begin. Called by `startSimulator`. */
  async open(): Promise<void> {
    this.loop.start();
    await Promise.all([...this.servers.values()].flat().map((server) => server.open()));
    await this.control.open(this.options.controlPort);
    const { faults } = this.options;
    if (typeof faults === 'object') {
      this.schedule(await readFaultFile(faults.file), Date.now());
    } else if (faults !== 'none') {
      void this.keepScheduling(faults, Date.now());
    }
  }

  /** Closes every port and ends every connection. Safe to call twice. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    this.stopping.abort();
    this.keeper.stop();
    this.loop.stop();
    await Promise.all([...this.servers.values()].flat().map((server) => server.close()));
    await this.control.close();
  }

  private runtime(venue: VenueId): VenueRuntime {
    const runtime = this.runtimes.get(venue);
    if (runtime === undefined) {
      const known = [...this.runtimes.keys()].join(', ');
      throw new InvalidInputError('Venue', [
        `venue: must be one that is served (${known}); got ${JSON.stringify(venue)}`,
      ]);
    }
    return runtime;
  }

  private makeHosts(runtime: VenueRuntime): readonly HostServer[] {
    return Array.from({ length: this.options.hostsPerVenue }, (_, index) => {
      const id = `${runtime.venue.id}-${index + 1}`;
      return new HostServer(
        id,
        {
          answer: (request, address) => runtime.answer(id, request, address, this.loop.earliestArrival()),
          settled: (delivery, receipt) => runtime.settled(id, delivery, receipt, Date.now()),
          now: Date.now,
        },
        this.options.deliveryGraceMs,
      );
    });
  }

  private schedule(inputs: readonly FaultInput[], origin: number): readonly Fault[] {
    const specs = parseInput(faultSchema.array(), inputs, 'Faults');
    const problems = specs.flatMap((spec, index) =>
      this.board.problemsOf(spec).map((problem) => `[${index}].${problem}`),
    );
    if (problems.length > 0) throw new InvalidInputError('Faults', problems);
    const added = specs.map((spec) => this.board.add(spec, origin, Date.now()));
    this.keeper.review();
    return added;
  }

  private async keepScheduling(name: ScheduleName, origin: number): Promise<void> {
    const hostsOf = new Map([...this.servers].map(([venue, servers]) => [venue, servers.map(({ id }) => id)]));
    for (let block = 0; !this.stopping.signal.aborted; block += 1) {
      const begin = block * BLOCK_MS;
      const left = this.options.faultsDurationMs - begin;
      const blockMs = left > 0 ? Math.min(left, BLOCK_MS) : BLOCK_MS;
      this.schedule(scheduleBlock(name, this.options.seed, block, blockMs, hostsOf), origin + begin);
      const nextAt = origin + begin + BLOCK_MS;
      await delay(Math.max(0, nextAt - Date.now()), undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }
}

/**
 * Starts the exchanges on loopback.
 *
 * @throws InvalidInputError naming every problem of the options, or of the fault file.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new Simulator(parseInput(simulatorOptionsSchema, options, 'Simulator options'));
  try {
    await simulator.open();
  } catch (error) {
    await simulator.close();
    throw error;
  }
  return simulator;
}
