import type { LimitCharge, LimitRule, LimitUsage, VenueId } from '../venues/venue.js';
import { SlidingWindow } from './sliding-window.js';

const MAX_WINDOWS = 10_000;
const MAX_VIOLATIONS = 1_000;

/** A request above its venue's limit. */
export interface Violation {
  readonly venue: VenueId;
  readonly rule: string;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly used: number;
  readonly weight: number;
  readonly limit: number;
}

/** The rule in force: its limit times the scale, rounded down, with room for the heaviest request. */
export function scaledRule(rule: LimitRule, scale: number): LimitRule {
  return { ...rule, limit: Math.max(rule.heaviest ?? 1, Math.floor(rule.limit * scale)) };
}

export interface Admission extends LimitUsage {
  readonly admitted: boolean;
}

/**
 * Counts requests per venue and client address over all the venue's hosts, as the venues do. A scale below 1 tightens
 * every limit of a venue, so that polling must wait where the real limit would not make it.
 */
export class RateLimitEnforcer {
  private readonly scaleOf: (venue: VenueId) => number;
  private readonly windows = new Map<string, SlidingWindow>();
  private readonly recorded: Violation[] = [];
  private readonly counts = new Map<VenueId, number>();

  constructor(scaleOf: (venue: VenueId) => number) {
    this.scaleOf = scaleOf;
  }

  /** Counts a request handled `now` that may have come since `earliest`. */
  charge(venue: VenueId, address: string, charge: LimitCharge, now: number, earliest = now): Admission {
    const { key, weight } = charge;
    const rule = scaledRule(charge.rule, this.scaleOf(venue));
    const reading = this.windowFor(venue, address, charge, now).charge(weight, now, earliest);
    if (!reading.admitted) {
      this.counts.set(venue, this.violationCount(venue) + 1);
      this.recorded.push({ venue, rule: rule.name, key, at: now, used: reading.used, weight, limit: rule.limit });
      if (this.recorded.length > MAX_VIOLATIONS) this.recorded.shift();
    }
    return { ...reading, rule };
  }

  /** Weight decided by an answer's size. */
  surcharge(venue: VenueId, address: string, charge: LimitCharge, weight: number, now: number): void {
    if (weight > 0) this.windowFor(venue, address, charge, now).add(weight, now);
  }

  /** Since the start; the latest 1,000 are kept in `violations`. */
  violationCount(venue: VenueId): number {
    return this.counts.get(venue) ?? 0;
  }

  violations(): readonly Violation[] {
    return this.recorded;
  }

  private windowFor(venue: VenueId, address: string, charge: LimitCharge, now: number): SlidingWindow {
    const id = `${venue} ${address} ${charge.rule.name} ${charge.key}`;
    let window = this.windows.get(id);
    if (window === undefined) {
      if (this.windows.size >= MAX_WINDOWS) this.dropIdle(now);
      const { limit, windowMs } = scaledRule(charge.rule, this.scaleOf(venue));
      window = new SlidingWindow(limit, windowMs);
      this.windows.set(id, window);
    }
    return window;
  }

  private dropIdle(now: number): void {
    for (const [id, window] of this.windows) {
      if (window.isIdle(now)) this.windows.delete(id);
    }
  }
}
