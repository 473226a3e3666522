import type { Attributes } from '@opentelemetry/api';
import { classify } from '../core/classification/classify.js';
import { isReliabilityError } from '../core/errors.js';
import { redactText } from '../core/redact.js';

/** Attributes that OpenTelemetry's semantic conventions name. */
export const ERROR_TYPE = 'error.type';
export const FUNCTION_NAME = 'code.function.name';

/** Attributes of our own. Each takes few values: names from the configuration, words, numbers. */
export const OUTCOME = 'reliability.outcome';
export const ATTEMPT = 'reliability.attempt';
export const ATTEMPTS = 'reliability.attempts';
export const ENDPOINT = 'reliability.endpoint';
export const POLICY = 'reliability.policy';
export const POLICY_TYPE = 'reliability.policy_type';
export const POLICIES = 'reliability.policies';
export const ERROR_CLASS = 'reliability.error_class';
export const RETRY_AFTER_MS = 'reliability.retry_after_ms';

/** How a call ended: `fallback` when a fallback answered for it, `cancelled` when its caller gave up. */
export type CallOutcomeName = 'success' | 'failure' | 'refused' | 'fallback' | 'cancelled';

const LONGEST_NAME = 128;

/** What failed, without its message: that may hold anything. */
export function errorAttributes(error: unknown): Attributes {
  return { [ERROR_TYPE]: errorType(error), [ERROR_CLASS]: classify(error).errorClass };
}

/** The code of an error of ours, the name of any other. */
export function errorType(error: unknown): string {
  if (isReliabilityError(error)) return error.code;
  try {
    const { name } = error as Partial<Error>;
    return typeof name === 'string' && name !== '' ? name.slice(0, LONGEST_NAME) : typeof error;
  } catch {
    return typeof error; // null, undefined, or a proxy that does not let itself be looked at.
  }
}

/** The id of an endpoint; one that is an address, without credentials and what its query says. */
export const endpointName = (id: string): string => redactText(id).slice(0, LONGEST_NAME);
