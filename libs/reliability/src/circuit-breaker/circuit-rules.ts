import { isDeepStrictEqual } from 'node:util';
import type { ResolvedCircuitBreakerOptions } from './circuit-breaker.options.js';
import type { CircuitRules } from './circuit-machine.js';
import { CountWindows } from './count-window.js';
import { looksAtResults } from './outcome-judge.js';
import type { WindowKind } from './outcome-window.js';
import { TimeWindows } from './time-window.js';

const CAP_OF_FIRST_OPENING = 10;
const HALF_OPEN_FAILURE_RATE = 0.5;

let latest: CircuitRules | undefined;

/**
 * The options as the state machine wants them, with the defaults that follow from other options. Breakers that are
 * made one after the other and configured alike share them.
 * @param wariness what the thresholds are multiplied by, above 0; less opens sooner
 */
export function circuitRules(options: ResolvedCircuitBreakerOptions, wariness = 1): CircuitRules {
  const rules = rulesOf(options, wariness);
  const shared = isDeepStrictEqual(rules, latest) ? latest! : rules;
  latest = shared;
  return shared;
}

function rulesOf(options: ResolvedCircuitBreakerOptions, wariness: number): CircuitRules {
  const { consecutiveFailures, failureRate, minimumCalls, windowCalls } = options;
  return {
    consecutiveFailures: consecutiveFailures === false ? false : wholeShare(consecutiveFailures, wariness),
    failureRate: failureRate === false ? false : failureRate * wariness,
    slowCallRate: options.slowCallRate,
    minimumCalls: wholeShare(Math.min(minimumCalls, windowCalls ?? Infinity), wariness),
    window: windowKind(options),
    openForMs: options.openForMs,
    openForFactor: options.openForFactor,
    openForCapMs: options.openForCapMs ?? options.openForMs * CAP_OF_FIRST_OPENING,
    openForJitter: options.openForJitter,
    retryAfterCapMs: options.retryAfterCapMs,
    halfOpenPermits: options.halfOpenPermits,
    halfOpenFailureRate: options.halfOpenFailureRate ?? (failureRate === false ? HALF_OPEN_FAILURE_RATE : failureRate),
    halfOpenMaxWaitMs: options.halfOpenMaxWaitMs,
    rampMs: options.rampMs,
    rampFrom: options.rampFrom,
    activeProbe: options.probe !== undefined,
    looksAtResults: looksAtResults(options),
    wariness,
  };
}

const wholeShare = (calls: number, share: number) => Math.max(1, Math.ceil(calls * share));

function windowKind(options: ResolvedCircuitBreakerOptions): WindowKind | undefined {
  const { failureRate, slowCallRate, windowMs, windowCalls } = options;
  if (failureRate === false && slowCallRate === false) return undefined;
  return windowCalls === undefined ? new TimeWindows(windowMs) : new CountWindows(windowCalls);
}
