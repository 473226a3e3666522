import type { VenueId } from '../venues/venue.js';
import type { FaultKind, FaultSpec } from './fault.schema.js';

const MAX_FAULTS = 10_000;

/** A fault with its wall-clock times, as the control API publishes it. */
export interface Fault {
  readonly id: string;
  readonly venue: VenueId;
  /** The hosts it lies on. */
  readonly hosts: readonly string[];
  readonly kind: FaultKind;
  /** Epoch milliseconds, inclusive. */
  readonly startsAt: number;
  /** Epoch milliseconds, exclusive. A refused port that opened late moves it. */
  readonly endsAt: number;
  readonly spec: FaultSpec;
  /** Requests it changed; a refused connection is never seen and not counted. */
  readonly affected: number;
}

interface MutableFault extends Fault {
  endsAt: number;
  affected: number;
}

export const REFUSING_KINDS: ReadonlySet<FaultKind> = new Set(['refused', 'venueDown']);

/** The faults of a run, past and to come. At most 10,000; the oldest ended ones make room. */
export class FaultBoard {
  private readonly hostsOf: (venue: VenueId) => readonly string[];
  private faults: MutableFault[] = [];
  private nextId = 1;

  constructor(hostsOf: (venue: VenueId) => readonly string[]) {
    this.hostsOf = hostsOf;
  }

  /** What is wrong with a fault for these venues and hosts; empty when nothing is. */
  problemsOf({ venue, host }: FaultSpec): readonly string[] {
    const known = this.hostsOf(venue);
    if (known.length === 0) return [`venue: must be one that is served; got ${JSON.stringify(venue)}`];
    if (host === '*' || known.includes(host)) return [];
    return [`host: must be * or one of ${known.join(', ')}; got ${JSON.stringify(host)}`];
  }

  /**
   * Adds a fault without problems, beginning `spec.startMs` after `origin`.
   *
   * @throws RangeError when 10,000 faults are still to end.
   */
  add(spec: FaultSpec, origin: number, now: number): Fault {
    const known = this.hostsOf(spec.venue);
    this.makeRoom(now);
    const startsAt = origin + spec.startMs;
    const fault: MutableFault = {
      id: `f${this.nextId}`,
      venue: spec.venue,
      hosts: spec.host === '*' ? known : [spec.host],
      kind: spec.kind,
      startsAt,
      endsAt: startsAt + spec.durationMs,
      spec,
      affected: 0,
    };
    this.nextId += 1;
    this.faults.push(fault);
    return fault;
  }

  all(): readonly Fault[] {
    return this.faults;
  }

  /** Faults lying on a host now, in the order they began. */
  activeOn(host: string, now: number): readonly Fault[] {
    return this.faults
      .filter((fault) => fault.startsAt <= now && now < fault.endsAt && fault.hosts.includes(host))
      .sort((a, b) => a.startsAt - b.startsAt);
  }

  /** True while a fault says that the host's port is closed. */
  refuses(host: string, now: number): boolean {
    return this.activeOn(host, now).some((fault) => REFUSING_KINDS.has(fault.kind));
  }

  markAffected(fault: Fault): void {
    const found = this.faults.find((candidate) => candidate.id === fault.id);
    if (found !== undefined) found.affected += 1;
  }

  /** Ends a fault now; one that has not begun never will. False when there is no such fault. */
  end(id: string, now: number): boolean {
    const found = this.faults.find((fault) => fault.id === id);
    if (found === undefined) return false;
    found.endsAt = Math.min(found.endsAt, Math.max(now, found.startsAt));
    return true;
  }

  /** When a port must next be closed or opened; null when nothing is planned. */
  nextPortChange(now: number): number | null {
    const times = this.faults
      .filter((fault) => REFUSING_KINDS.has(fault.kind))
      .flatMap((fault) => [fault.startsAt, fault.endsAt])
      .filter((time) => time > now);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** A port that was closed at `closedAt` opened only now: the faults that kept it closed really ended now. */
  reopened(host: string, closedAt: number, now: number): void {
    for (const fault of this.faults) {
      const kept = REFUSING_KINDS.has(fault.kind) && fault.hosts.includes(host) && fault.endsAt >= closedAt;
      if (kept && fault.endsAt < now) fault.endsAt = now;
    }
  }

  private makeRoom(now: number): void {
    if (this.faults.length < MAX_FAULTS) return;
    const ended = this.faults.findIndex((fault) => fault.endsAt <= now);
    if (ended < 0) throw new RangeError(`faults: at most ${MAX_FAULTS} may be waiting to end`);
    this.faults.splice(ended, 1);
  }
}
