import { ReliabilityError } from '../core/errors.js';
import type { FailedAttemptRecord, RetryReport } from './attempts-of.js';
import { isRetryExhausted, RetryExhaustedError } from './retry-exhausted-error.js';

const failed = (attempt: number): FailedAttemptRecord => ({
  attempt,
  errorClass: attempt === 1 ? 'network' : 'server',
  error: 'x',
  delayMs: undefined,
  endpoint: undefined,
});
const report = (...attempts: FailedAttemptRecord[]): RetryReport => ({
  policy: 'okx',
  call: 'Rates.fetch',
  reason: 'budget',
  attempts,
});

it.each([
  [[1], 'Retry "okx": Rates.fetch failed 1 time (last: network), no further attempt: budget'],
  [[1, 2], 'Retry "okx": Rates.fetch failed 2 times (last: server), no further attempt: budget'],
  [[], 'Retry "okx": Rates.fetch failed 0 times (last: unknown), no further attempt: budget'],
])('says what failed how often, after the attempts %j', (attempts, message) => {
  expect(new RetryExhaustedError(report(...attempts.map(failed)), 'x').message).toBe(message);
});

it('carries the report and the last error, and is recognised', () => {
  const [cause, given] = [new Error('last'), report(failed(1))];
  const error = new RetryExhaustedError(given, cause);
  expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', policyType: 'retry', policy: 'okx', cause, report: given });
  const refused = new ReliabilityError('open', { code: 'CIRCUIT_OPEN', policyType: 'circuit-breaker', policy: 'okx' });
  expect([error, cause, refused, undefined].map(isRetryExhausted)).toEqual([true, false, false, false]);
});
