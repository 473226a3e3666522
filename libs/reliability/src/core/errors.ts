import { inspect } from 'node:util';
import type { OptionProblem } from './option-problem.js';
import { pathNamesSecret, REDACTED, redactText } from './redact.js';

/** Why a call was not made or not finished. */
export type ReliabilityErrorCode =
  | 'CIRCUIT_OPEN'
  | 'RATE_LIMITED'
  | 'BULKHEAD_FULL'
  | 'NO_ENDPOINT'
  | 'CALL_TIMEOUT'
  | 'DEADLINE_EXCEEDED'
  | 'RETRY_EXHAUSTED'
  | 'CHAOS_INJECTED'
  | 'CHAOS_FORBIDDEN'
  | 'SHUTTING_DOWN'
  | 'INVALID_OPTIONS'
  | 'INVALID_USE'
  | 'UNKNOWN_POLICY'
  | 'UNMANAGED'
  | 'POLICY_FAILED'
  | (string & {});

const BRAND = Symbol.for('marketprism.reliability.error');

export interface ReliabilityErrorDetails {
  readonly code: ReliabilityErrorCode;
  /** Kind of policy: `circuit-breaker`, … */
  readonly policyType: string;
  /** Name of the policy. */
  readonly policy: string;
  /** Earliest time at which trying again makes sense, in ms. */
  readonly retryAfterMs?: number;
  /** Whether the method was certainly not called. */
  readonly refused?: boolean;
  readonly cause?: unknown;
}

/**
 * Base of every error of this library. Recognise one with {@link isReliabilityError} and its code, not with
 * `instanceof`, which fails when two copies of the library are installed.
 *
 * No stack is captured by default: a refusal says nothing that a stack would explain, and capturing one costs several
 * times the call it saves. Set {@link captureStacks} to debug.
 */
export class ReliabilityError extends Error {
  /** Captures stacks in every error of this library when `true`; default `false`. */
  static captureStacks = false;

  readonly code: ReliabilityErrorCode;
  readonly policyType: string;
  readonly policy: string;
  readonly retryAfterMs: number | undefined;
  /** `true` when the method was certainly not called. */
  readonly refused: boolean;

  constructor(message: string, details: ReliabilityErrorDetails) {
    const limit = Error.stackTraceLimit;
    if (!ReliabilityError.captureStacks) Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = limit;
    if (details.cause !== undefined) {
      Object.defineProperty(this, 'cause', { value: details.cause, configurable: true, writable: true });
    }
    this.code = details.code;
    this.policyType = details.policyType;
    this.policy = details.policy;
    this.retryAfterMs = details.retryAfterMs;
    this.refused = details.refused ?? false;
  }

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
    Object.defineProperty(this.prototype, 'name', { value: 'ReliabilityError', configurable: true, writable: true });
  }
}

/** Whether the error is one of this library's, whichever copy of it threw. */
export function isReliabilityError(error: unknown): error is ReliabilityError {
  try {
    return typeof error === 'object' && error !== null && (error as { [BRAND]?: boolean })[BRAND] === true;
  } catch {
    return false; // A proxy that does not let itself be looked at.
  }
}

/** Whether a policy refused, so that the method was certainly not called. */
export function isRefused(error: unknown): error is ReliabilityError {
  return isReliabilityError(error) && error.refused;
}

/** Every problem of a configuration at once. */
export class InvalidOptionsError extends ReliabilityError {
  constructor(readonly problems: readonly OptionProblem[]) {
    super(
      `Invalid reliability options:\n${problems.map(({ path, rule, value }) => `  - ${path}: ${rule}; got ${shownAt(path, value)}`).join('\n')}`,
      { code: 'INVALID_OPTIONS', policyType: 'options', policy: '' },
    );
  }
}

/** A function that a call site gave to a policy failed or gave something unusable. */
export class InvalidUseError extends ReliabilityError {
  constructor(policy: string, site: string, what: string, rule: string, value: unknown, cause?: unknown) {
    super(`${site}: ${what} for policy "${policy}": ${rule}${cause === undefined ? `; got ${shown(value)}` : ''}`, {
      code: 'INVALID_USE',
      policyType: 'use',
      policy,
      refused: true,
      cause,
    });
  }
}

/** The application is shutting down and takes no new calls. */
export class ShuttingDownError extends ReliabilityError {
  constructor(policyType: string, policy: string) {
    super(`${policyType} "${policy}" is shutting down`, { code: 'SHUTTING_DOWN', policyType, policy, refused: true });
  }
}

function shown(value: unknown): string {
  return inspect(value, { depth: 1, maxArrayLength: 5, maxStringLength: 80, breakLength: Infinity });
}

/** Options hold passwords and addresses with passwords in them; an error is logged. */
function shownAt(path: string, value: unknown): string {
  return pathNamesSecret(path.split('.'), value) ? REDACTED : redactText(shown(value));
}
