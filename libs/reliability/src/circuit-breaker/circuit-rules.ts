import { isDeepStrictEqual } from 'node:util';
import type { ResolvedCircuitBreakerOptions } from './circuit-breaker.options.js';
import type { CircuitRules } from './circuit-machine.js';
import { CountWindows } from './count-window.js';
import type { WindowKind } from './outcome-window.js';
import { TimeWindows } from './time-window.js';

const CAP_OF_FIRST_OPENING = 10;
const HALF_OPEN_FAILURE_RATE = 0.5;

let latest: CircuitRules | undefined;

/**
 * The options as the state machine wants them, with the defaults that follow from other options. Breakers that are
 * made one after the other and configured alike share them.
 */
export function circuitRules(options: ResolvedCircuitBreakerOptions): CircuitRules {
  const rules = rulesOf(options);
  const shared = isDeepStrictEqual(rules, latest) ? latest! : rules;
  latest = shared;
  return shared;
}

function rulesOf(options: ResolvedCircuitBreakerOptions): CircuitRules {
  return {
    consecutiveFailures: options.consecutiveFailures,
    failureRate: options.failureRate,
    slowCallRate: options.slowCallRate,
    minimumCalls: Math.min(options.minimumCalls, options.windowCalls ?? Infinity),
    window: windowKind(options),
    openForMs: options.openForMs,
    openForFactor: options.openForFactor,
    openForCapMs: options.openForCapMs ?? options.openForMs * CAP_OF_FIRST_OPENING,
    openForJitter: options.openForJitter,
    retryAfterCapMs: options.retryAfterCapMs,
    halfOpenPermits: options.halfOpenPermits,
    halfOpenFailureRate:
      options.halfOpenFailureRate ?? (options.failureRate === false ? HALF_OPEN_FAILURE_RATE : options.failureRate),
    halfOpenMaxWaitMs: options.halfOpenMaxWaitMs,
    rampMs: options.rampMs,
    rampFrom: options.rampFrom,
    activeProbe: options.probe !== undefined,
  };
}

function windowKind(options: ResolvedCircuitBreakerOptions): WindowKind | undefined {
  const { failureRate, slowCallRate, windowMs, windowCalls } = options;
  if (failureRate === false && slowCallRate === false) return undefined;
  return windowCalls === undefined ? new TimeWindows(windowMs) : new CountWindows(windowCalls);
}
