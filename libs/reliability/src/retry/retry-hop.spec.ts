import { fileReport } from './attempts-of.js';
import type { StopReason } from './retry-decision.js';
import {
  attemptOfRequest,
  isRetriedUpstream,
  RETRY_ATTEMPT_HEADER,
  retryAnswerHeaders,
  retryHeaders,
  withinRetryHop,
} from './retry-hop.js';

it('a request says which attempt it is, and its receiver reads that', () => {
  const headers = retryHeaders({ attempt: 2 });
  expect(headers).toEqual({ 'x-retry-attempt': '2' });
  expect([attemptOfRequest(headers), attemptOfRequest(new Headers(headers))]).toEqual([2, 2]);
  expect(attemptOfRequest({ [RETRY_ATTEMPT_HEADER]: ['3', '4'] })).toBe(3);
  expect(attemptOfRequest({ get: 'a header of that name', ...headers })).toBe(2);
});

it.each(['', '0', '-1', '1.5', 'two', '12345678', ' 2', '2x'])('%j is no attempt', (value) => {
  expect(attemptOfRequest({ [RETRY_ATTEMPT_HEADER]: value })).toBeUndefined();
});

it('a request without the header is no attempt of a retry', () => {
  expect([attemptOfRequest({}), attemptOfRequest(new Headers()), attemptOfRequest({ 'x-retry-attempt': [] })]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

it('what serves a request that its sender repeats knows it, across waits, and nothing else does', async () => {
  const seen = await withinRetryHop({ 'x-retry-attempt': '1' }, async () => {
    await Promise.resolve();
    return isRetriedUpstream();
  });
  expect(seen).toBe(true);
  expect(withinRetryHop({}, isRetriedUpstream)).toBe(false);
  expect(isRetriedUpstream()).toBe(false);
});

it.each<[StopReason, Record<string, string>]>([
  ['attempts', { 'x-should-retry': 'false' }],
  ['budget', { 'x-should-retry': 'false' }],
  ['not-retryable', {}],
  ['refused', {}],
])('an answer about an operation that ended for %s carries %j', (reason, expected) => {
  const error = new Error('last');
  fileReport(error, { policy: 'okx', call: 'Rates.fetch', reason, attempts: [] });
  expect(retryAnswerHeaders(error)).toEqual(expected);
});

it('an answer about an error that no retry threw carries nothing', () => {
  expect(retryAnswerHeaders(new Error('other'))).toEqual({});
});
