import type { FaultSpec } from './fault.schema.js';

export type LatencySpec = Extract<FaultSpec, { kind: 'latency' }>;

/** Shape of the long tail: one answer in twenty takes more than ten times the minimum. */
const PARETO_SHAPE = 1.3;
const LONGEST_MS = 60_000;

/**
 * The delay of one answer, in milliseconds, for two uniform numbers in [0, 1): fixed; normal by Box–Muller, never below
 * 0; or long-tailed, a Pareto distribution of shape 1.3 from `delayMs` up, cut at one minute.
 */
export function latencyMs(spec: LatencySpec, u1: number, u2: number): number {
  switch (spec.distribution) {
    case 'fixed':
      return spec.delayMs;
    case 'normal': {
      const standard = Math.sqrt(-2 * Math.log(1 - u1)) * Math.cos(2 * Math.PI * u2);
      return Math.max(0, spec.delayMs + spec.deviationMs * standard);
    }
    case 'longTail':
      return Math.min(LONGEST_MS, spec.delayMs * (1 - u1) ** (-1 / PARETO_SHAPE));
  }
}
