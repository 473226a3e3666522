import type { Random } from '../core/random.js';
import {
  type Circuit,
  CLOSED,
  type Closed,
  type HalfOpen,
  type Open,
  type Phase,
  Probe,
  type Ramping,
} from './circuit.js';
import { openTimeMs, type OpenTimeRules } from './open-time.js';
import type { WindowKind } from './outcome-window.js';
import { rampShare } from './ramp.js';
import { reachedRate, reachesStreak, type TripReason, type TripRules } from './trip-rule.js';
import type { Failed, Succeeded, Verdict } from './verdict.js';

/** Everything that decides how circuits behave. */
export interface CircuitRules extends TripRules, OpenTimeRules {
  /** `undefined` when no rate is looked at: then no outcome is stored. */
  readonly window: WindowKind | undefined;
  /** Longest wait that the other side may ask for, in ms; 0 does not listen to it. */
  readonly retryAfterCapMs: number;
  readonly halfOpenPermits: number;
  /** Share of failed probes that opens again, 0 to 1. */
  readonly halfOpenFailureRate: number;
  readonly halfOpenMaxWaitMs: number;
  /** 0 closes as soon as the probes succeeded. */
  readonly rampMs: number;
  readonly rampFrom: number;
  /** Probes are made by {@link CircuitMachine.admitProbe} only, not of ordinary calls. */
  readonly activeProbe: boolean;
  /** Whether a successful outcome can mean anything but success. */
  readonly looksAtResults: boolean;
  /** What the thresholds were multiplied by. */
  readonly wariness: number;
}

/** A generation, or a probe. */
export type CircuitPermit = number | Probe;

/** A permit that no circuit gave: its outcome is not looked at. */
export const UNRECORDED = -1;

export type TransitionReason =
  TripReason | 'open-time-over' | 'probes-succeeded' | 'ramp-complete' | 'forced-open' | 'disabled' | 'reset';

export interface Transition {
  readonly circuit: Circuit;
  readonly key: string | undefined;
  readonly from: Phase;
  readonly to: Phase;
  readonly reason: TransitionReason;
  readonly at: number;
}

/**
 * The rules by which circuits change. Nothing happens by itself: what time changes is worked out when somebody asks,
 * as of the moment at which it was due. Transitions are left in {@link transitions} for the caller to announce.
 */
export class CircuitMachine {
  /** Committed and not yet announced. */
  transitions: Transition[] | undefined = undefined;

  constructor(
    public rules: CircuitRules,
    private readonly random: Random,
  ) {}

  /** @returns a permit, or `undefined` to refuse */
  admit(circuit: Circuit, key: string | undefined, now: number): CircuitPermit | undefined {
    this.advance(circuit, key, now);
    const { phase } = circuit;
    switch (phase.kind) {
      case 'closed':
        return circuit.generation;
      case 'open':
      case 'half-open':
        return this.rules.activeProbe ? undefined : this.admitProbe(circuit, key, now);
      case 'ramping':
        return this.random.next() < this.share(phase, now) ? circuit.generation : undefined;
      case 'forced-open':
        return undefined;
      case 'disabled':
        return UNRECORDED;
    }
  }

  /** Whether {@link admit} would certainly refuse. Takes nothing and draws no chance. */
  refuses(circuit: Circuit, key: string | undefined, now: number): boolean {
    this.advance(circuit, key, now);
    const { phase } = circuit;
    switch (phase.kind) {
      case 'open':
        return this.rules.activeProbe || now < phase.until;
      case 'half-open':
        return this.rules.activeProbe || !this.hasPermit(phase);
      case 'forced-open':
        return true;
      case 'closed':
      case 'ramping':
      case 'disabled':
        return false;
    }
  }

  /** Leave to probe: from an open circuit whose time is over, or a half-open one with permits left. */
  admitProbe(circuit: Circuit, key: string | undefined, now: number): Probe | undefined {
    this.advance(circuit, key, now);
    if (circuit.phase.kind === 'open' && now >= circuit.phase.until) {
      this.enter(circuit, key, halfOpen(circuit.phase, now), 'open-time-over', now);
    }
    const { phase } = circuit;
    if (phase.kind !== 'half-open' || !this.hasPermit(phase)) return undefined;
    const probe = new Probe(now + this.rules.halfOpenMaxWaitMs);
    phase.pending.push(probe);
    return probe;
  }

  /** {@link report} of a success, by a permit of the generation of a closed circuit without a key. */
  succeeded(circuit: Circuit, slow: boolean, now: number): void {
    circuit.consecutiveFailures = 0;
    if (this.rules.window === undefined) return;
    const reason = this.reachedRate(circuit, this.rules.window, false, slow, now);
    if (reason !== undefined) this.open(circuit, undefined, now, reason, undefined);
  }

  /** @returns `false` when the outcome came too late to count */
  report(circuit: Circuit, key: string | undefined, permit: CircuitPermit, verdict: Verdict, now: number): boolean {
    this.advance(circuit, key, now);
    if (typeof permit === 'number') {
      if (permit !== circuit.generation) return false;
      if (verdict.kind !== 'ignored') this.record(circuit, key, verdict, now);
      return true;
    }
    const { phase } = circuit;
    if (phase.kind !== 'half-open' || !phase.pending.includes(permit)) return false;
    phase.pending.splice(phase.pending.indexOf(permit), 1);
    if (verdict.kind !== 'ignored') this.countProbe(circuit, key, phase, verdict, now);
    return true;
  }

  /** Applies what has fallen due: probes that never reported, the end of a ramp. */
  advance(circuit: Circuit, key: string | undefined, now: number): void {
    const { phase } = circuit;
    if (phase.kind === 'half-open') this.expireProbes(circuit, key, phase, now);
    else if (phase.kind === 'ramping' && now - phase.since >= this.rules.rampMs) {
      this.enter(circuit, key, CLOSED, 'ramp-complete', phase.since + this.rules.rampMs);
    }
  }

  /** Opens it for a time, after which it probes as usual. */
  isolate(circuit: Circuit, key: string | undefined, now: number, forMs: number): void {
    this.open(circuit, key, now, 'isolated', undefined, forMs);
  }

  force(circuit: Circuit, key: string | undefined, now: number, kind: 'forced-open' | 'disabled'): void {
    if (circuit.phase.kind !== kind) this.enter(circuit, key, { kind, since: now }, kind, now);
  }

  /** Closed, with nothing recorded. */
  reset(circuit: Circuit, key: string | undefined, now: number): void {
    this.enter(circuit, key, CLOSED, 'reset', now);
  }

  /**
   * When a refused caller may try again, in ms from now: the rest of the open time; while probes are out or admission
   * grows, at most the first open time. `undefined` when nobody can tell.
   */
  retryAfterMs(circuit: Circuit, now: number): number | undefined {
    const { phase } = circuit;
    switch (phase.kind) {
      case 'open':
        return Math.max(0, phase.until - now);
      case 'half-open':
        return Math.min(this.rules.openForMs, Math.max(0, (phase.pending[0]?.dueAt ?? now) - now));
      case 'ramping':
        return Math.min(this.rules.openForMs, Math.max(0, phase.since + this.rules.rampMs - now));
      case 'closed':
      case 'disabled':
        return 0;
      case 'forced-open':
        return undefined;
    }
  }

  private record(circuit: Circuit, key: string | undefined, verdict: Succeeded | Failed, now: number): void {
    const failed = verdict.kind === 'failure';
    circuit.consecutiveFailures = failed ? circuit.consecutiveFailures + 1 : 0;
    const reason = this.reasonToOpen(circuit, failed, verdict.slow, now);
    if (verdict.retryAfterMs !== undefined) {
      // Only these phases give out generations as permits.
      const phase = circuit.phase as Closed | Ramping;
      circuit.phase = { ...phase, notBefore: this.notBefore(phase, verdict.retryAfterMs, now) };
    }
    const { error, opens } = verdict;
    if (opens !== undefined) this.open(circuit, key, now, 'single-outcome', error, opens.forMs);
    else if (reason !== undefined) this.open(circuit, key, now, reason, error);
  }

  private reasonToOpen(circuit: Circuit, failed: boolean, slow: boolean, now: number): TripReason | undefined {
    const { rules } = this;
    const reason = rules.window && this.reachedRate(circuit, rules.window, failed, slow, now);
    return failed && reachesStreak(rules, circuit.consecutiveFailures) ? 'consecutive-failures' : reason;
  }

  private reachedRate(
    circuit: Circuit,
    window: WindowKind,
    failed: boolean,
    slow: boolean,
    now: number,
  ): TripReason | undefined {
    const slice = window.sliceOf(now);
    const outcomes = (circuit.outcomes ??= window.create(slice));
    outcomes.record(failed, slow, slice);
    return reachedRate(this.rules, outcomes);
  }

  private countProbe(
    circuit: Circuit,
    key: string | undefined,
    phase: HalfOpen,
    verdict: Succeeded | Failed,
    now: number,
  ): void {
    phase.reported += 1;
    if (verdict.slow) phase.slow += 1;
    if (verdict.kind === 'failure') {
      phase.failures += 1;
      phase.error = verdict.error;
      if (verdict.retryAfterMs !== undefined) phase.notBefore = this.notBefore(phase, verdict.retryAfterMs, now);
    }
    const { opens } = verdict;
    if (opens !== undefined) this.open(circuit, key, now, 'single-outcome', phase.error, opens.forMs);
    else this.decide(circuit, key, phase, now);
  }

  private expireProbes(circuit: Circuit, key: string | undefined, phase: HalfOpen, now: number): void {
    const { pending } = phase;
    let lastDueAt = -Infinity;
    for (let place = pending.length - 1; place >= 0; place -= 1) {
      const { dueAt } = pending[place]!;
      if (dueAt > now) continue;
      pending.splice(place, 1);
      phase.reported += 1;
      phase.failures += 1;
      lastDueAt = Math.max(lastDueAt, dueAt);
    }
    this.decide(circuit, key, phase, lastDueAt === -Infinity ? now : lastDueAt);
  }

  private decide(circuit: Circuit, key: string | undefined, phase: HalfOpen, at: number): void {
    const { rules } = this;
    if (phase.reported < rules.halfOpenPermits) return;
    if (phase.failures / phase.reported >= rules.halfOpenFailureRate) {
      this.open(circuit, key, at, 'probes-failed', phase.error);
    } else if (rules.slowCallRate !== false && phase.slow / phase.reported >= rules.slowCallRate) {
      this.open(circuit, key, at, 'probes-slow', phase.error);
    } else if (rules.rampMs > 0) {
      const ramping: Ramping = { kind: 'ramping', since: at, openings: phase.openings, notBefore: 0 };
      this.enter(circuit, key, ramping, 'probes-succeeded', at);
    } else {
      this.enter(circuit, key, CLOSED, 'probes-succeeded', at);
    }
  }

  private open(
    circuit: Circuit,
    key: string | undefined,
    at: number,
    reason: TripReason,
    error: unknown,
    forMs?: number,
  ): void {
    const { phase } = circuit;
    const openings = 1 + ('openings' in phase ? phase.openings : 0);
    const chance = this.rules.openForJitter > 0 ? this.random.next() : 0;
    const until = at + (forMs ?? openTimeMs(this.rules, openings, chance));
    const notBefore = 'notBefore' in phase ? phase.notBefore : 0;
    const open: Open = {
      kind: 'open',
      since: at,
      until: Math.max(until, notBefore),
      openings,
      reason,
      notBefore,
      error,
    };
    this.enter(circuit, key, open, reason, at);
  }

  private enter(circuit: Circuit, key: string | undefined, to: Phase, reason: TransitionReason, at: number): void {
    const from = circuit.phase;
    circuit.enter(to);
    (this.transitions ??= []).push({ circuit, key, from, to, reason, at });
  }

  private hasPermit(phase: HalfOpen): boolean {
    return phase.reported + phase.pending.length < this.rules.halfOpenPermits;
  }

  private share(phase: Ramping, now: number): number {
    return rampShare(now - phase.since, this.rules.rampMs, this.rules.rampFrom);
  }

  private notBefore(phase: { readonly notBefore: number }, retryAfterMs: number, now: number): number {
    return Math.max(phase.notBefore, now + Math.min(retryAfterMs, this.rules.retryAfterCapMs));
  }
}

function halfOpen(opened: Open, now: number): HalfOpen {
  return {
    kind: 'half-open',
    since: now,
    openings: opened.openings,
    pending: [],
    reported: 0,
    failures: 0,
    slow: 0,
    notBefore: 0,
    error: opened.error,
  };
}
