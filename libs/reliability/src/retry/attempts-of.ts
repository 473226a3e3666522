import type { ErrorClass } from '../core/error-class.js';
import type { StopReason } from './retry-decision.js';

/** One failed attempt. */
export interface FailedAttemptRecord {
  /** 1 for the first. */
  readonly attempt: number;
  readonly errorClass: ErrorClass;
  readonly error: unknown;
  /** The wait that followed, in ms; `undefined` when no attempt followed. */
  readonly delayMs: number | undefined;
  /** Id of the endpoint, where a balancer chose one. */
  readonly endpoint: string | undefined;
}

/** How an operation that failed for good went. */
export interface RetryReport {
  readonly policy: string;
  /** `Class.method` */
  readonly call: string;
  readonly reason: StopReason;
  readonly attempts: readonly FailedAttemptRecord[];
}

interface Filed extends RetryReport {
  readonly sequence: number;
}

const reports = new WeakMap<object, Filed>();
let sequence = 0;

/**
 * The failed attempts of the operation that threw this error, the last one being the error itself; `undefined` when no
 * retry threw it. Of an error object that is thrown again and again: those of the last operation that did.
 */
export function attemptsOf(error: unknown): readonly FailedAttemptRecord[] | undefined {
  return retryReportOf(error)?.attempts;
}

/** As {@link attemptsOf}, with why there was no further attempt. */
export function retryReportOf(error: unknown): RetryReport | undefined {
  return isObject(error) ? reports.get(error) : undefined;
}

/** Leaves the error as it is, frozen ones included. Values that are no objects cannot carry a report. */
export function fileReport(error: unknown, report: RetryReport): void {
  if (!isObject(error)) return;
  sequence += 1;
  reports.set(error, { ...report, sequence });
}

/** A point in the order of all reports. */
export const reportSequence = () => sequence;

/** The report that another policy than `policy` filed on the error after `since`. */
export function reportOfOther(error: unknown, policy: string, since: number): RetryReport | undefined {
  const filed = isObject(error) ? reports.get(error) : undefined;
  return filed !== undefined && filed.sequence > since && filed.policy !== policy ? filed : undefined;
}

function isObject(error: unknown): error is object {
  return (typeof error === 'object' && error !== null) || typeof error === 'function';
}
