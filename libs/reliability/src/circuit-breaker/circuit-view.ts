import type { Circuit, Phase } from './circuit.js';
import type { CircuitMachine } from './circuit-machine.js';
import { rampShare } from './ramp.js';
import type { TripReason } from './trip-rule.js';

/** A circuit as people and metrics are shown it. Plain data. */
export interface CircuitView {
  readonly state: Phase['kind'];
  /** Time in this state, in ms; `null` when it never left closed. */
  readonly forMs: number | null;
  /** When a refused caller may try again, in ms; 0 when calls are admitted, `null` when nobody can tell. */
  readonly retryAfterMs: number | null;
  /** Share of calls that are admitted, 0 to 1; half-open counts as 0. */
  readonly admittedShare: number;
  /** How many times in a row it has opened. */
  readonly consecutiveOpenings: number;
  readonly consecutiveFailures: number;
  /** Outcomes that count at present. */
  readonly window: { readonly calls: number; readonly failures: number; readonly slow: number };
  /** Probes while half-open. */
  readonly probes: { readonly pending: number; readonly reported: number; readonly failures: number } | null;
  /** What opened it, while it is open. */
  readonly openedBy: { readonly reason: TripReason; readonly error: string | null } | null;
}

export function viewCircuit(circuit: Circuit, machine: CircuitMachine, now: number): CircuitView {
  const { phase, outcomes, consecutiveFailures } = circuit;
  const { window, rampMs, rampFrom } = machine.rules;
  if (outcomes !== undefined) outcomes.expire(window!.sliceOf(now));
  return {
    state: phase.kind,
    forMs: 'since' in phase ? now - phase.since : null,
    retryAfterMs: machine.retryAfterMs(circuit, now) ?? null,
    admittedShare: admittedShare(phase, now, rampMs, rampFrom),
    consecutiveOpenings: 'openings' in phase ? phase.openings : 0,
    consecutiveFailures,
    window: { calls: outcomes?.calls ?? 0, failures: outcomes?.failures ?? 0, slow: outcomes?.slow ?? 0 },
    probes:
      phase.kind === 'half-open'
        ? { pending: phase.pending.length, reported: phase.reported, failures: phase.failures }
        : null,
    openedBy: phase.kind === 'open' ? { reason: phase.reason, error: textOf(phase.error) } : null,
  };
}

function admittedShare(phase: Phase, now: number, rampMs: number, rampFrom: number): number {
  switch (phase.kind) {
    case 'closed':
    case 'disabled':
      return 1;
    case 'ramping':
      return rampShare(now - phase.since, rampMs, rampFrom);
    case 'open':
    case 'half-open':
    case 'forced-open':
      return 0;
  }
}

function textOf(error: unknown): string | null {
  if (error === undefined) return null;
  return error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
}
