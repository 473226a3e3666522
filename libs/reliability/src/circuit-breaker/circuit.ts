import type { OutcomeWindow } from './outcome-window.js';
import type { TripReason } from './trip-rule.js';

/** Calls pass and are watched. */
export interface Closed {
  readonly kind: 'closed';
  /** Time until which the other side asked to be left alone, should the circuit open. */
  readonly notBefore: number;
}

/** Every call is refused until the time is over. */
export interface Open {
  readonly kind: 'open';
  readonly since: number;
  readonly until: number;
  /** How many times in a row it has opened. */
  readonly openings: number;
  readonly reason: TripReason;
  /** Time until which the other side asked to be left alone. */
  readonly notBefore: number;
  /** The failure that opened it. */
  readonly error: unknown;
}

/** A few calls pass to find out. */
export interface HalfOpen {
  readonly kind: 'half-open';
  readonly since: number;
  readonly openings: number;
  /** Probes that have not reported, in order of admission. */
  readonly pending: Probe[];
  reported: number;
  failures: number;
  slow: number;
  notBefore: number;
  /** The failure that opened the circuit, or a later one of a probe. */
  error: unknown;
}

/** A growing share of calls passes. */
export interface Ramping {
  readonly kind: 'ramping';
  readonly since: number;
  readonly openings: number;
  readonly notBefore: number;
}

/** Every call is refused until somebody says otherwise. */
export interface ForcedOpen {
  readonly kind: 'forced-open';
  readonly since: number;
}

/** Every call passes and none is watched until somebody says otherwise. */
export interface Disabled {
  readonly kind: 'disabled';
  readonly since: number;
}

export type Phase = Closed | Open | HalfOpen | Ramping | ForcedOpen | Disabled;

/** Leave to find out whether the other side has recovered. */
export class Probe {
  constructor(
    /** When it counts as failed if it has not reported. */
    readonly dueAt: number,
  ) {}
}

export const CLOSED: Closed = Object.freeze({ kind: 'closed', notBefore: 0 });

/**
 * What is known about one protected thing. Every phase starts with a generation of its own and nothing recorded; a
 * permit names the generation that gave it, so that a result which comes after a transition is recognised.
 */
export class Circuit {
  phase: Phase = CLOSED;
  generation = 0;
  consecutiveFailures = 0;
  /** Outcomes recorded in this phase; made by the first. */
  outcomes: OutcomeWindow | undefined = undefined;

  enter(phase: Phase): void {
    this.phase = phase;
    this.generation += 1;
    this.consecutiveFailures = 0;
    this.outcomes = undefined;
  }
}
