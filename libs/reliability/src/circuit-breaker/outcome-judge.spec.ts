import { Failure, Ignored, type Outcome, Success } from '../core/outcome.js';
import { parseOptions } from '../core/options.js';
import { type CircuitBreakerOptions, circuitBreakerOptions } from './circuit-breaker.options.js';
import { isSlow, judge, looksAtResults } from './outcome-judge.js';

const ERROR = new Error('down');

function judged(outcome: Outcome, options: CircuitBreakerOptions = {}) {
  const failed: [string, unknown][] = [];
  const parsed = parseOptions(circuitBreakerOptions, { slowCallMs: 100, ...options }, '');
  const verdict = judge(parsed, outcome, (predicate, error) => failed.push([predicate, error]));
  return { verdict, failed };
}

const success = (value: unknown = 'ok', durationMs = 1) => new Success(value, durationMs);
const failure = (error: unknown = ERROR, durationMs = 1) => new Failure(error, durationMs);
const status = (code: number, headers: Record<string, string> = {}) =>
  Object.assign(new Error(`HTTP ${code}`), { status: code, headers });

const boom = () => {
  throw ERROR;
};

describe('judge', () => {
  it('takes a result for a success and an ignored call for nothing', () => {
    expect(judged(success()).verdict).toEqual({ kind: 'success', slow: false });
    expect(judged(new Ignored(ERROR)).verdict).toEqual({ kind: 'ignored' });
  });

  it.each([
    [100, false],
    [100.1, true],
  ])('of a call of %d ms at a limit of 100 says slow: %p', (durationMs, slow) => {
    expect(judged(success('ok', durationMs)).verdict).toEqual({ kind: 'success', slow });
    expect(judged(failure(ERROR, durationMs)).verdict).toMatchObject({ kind: 'failure', slow });
    expect(judged(success('ok', durationMs), { slowCallRate: false }).verdict).toMatchObject({ slow: false });
  });

  it.each([
    [ERROR, 'failure'],
    [status(500), 'failure'],
    [status(503), 'failure'],
    [status(429), 'failure'],
    [status(404), 'success'],
    [status(401), 'success'],
    [Object.assign(new Error('reset'), { code: 'ECONNRESET' }), 'failure'],
    ['a string', 'failure'],
    [undefined, 'failure'],
  ])('takes the error %p for a %s', (error, kind) => {
    expect(judged(failure(error)).verdict.kind).toBe(kind);
  });

  it('takes the classes given for failures, and the others for successes, slow as they are', () => {
    const options = { failureClasses: ['client' as const] };
    expect(judged(failure(status(404)), options).verdict.kind).toBe('failure');
    expect(judged(failure(status(500)), options).verdict).toEqual({ kind: 'success', slow: false });
    expect(judged(failure(status(500), 101), options).verdict).toEqual({ kind: 'success', slow: true });
  });

  it('keeps the error and the wait that it asks for', () => {
    const error = status(503, { 'retry-after': '7' });
    expect(judged(failure(error)).verdict).toEqual({ kind: 'failure', slow: false, error, retryAfterMs: 7_000 });
    expect(judged(failure(ERROR)).verdict).toMatchObject({ error: ERROR, retryAfterMs: undefined });
  });

  it('asks a classification of the user, and the built-in one when that throws', () => {
    const classify = () => ({ errorClass: 'auth' as const });
    expect(judged(failure(), { classify }).verdict.kind).toBe('success');
    const { verdict, failed } = judged(failure(status(404)), { classify: boom });
    expect(verdict.kind).toBe('success');
    expect(failed).toEqual([['classify', ERROR]]);
  });

  it('asks recordError in place of the classes', () => {
    expect(judged(failure(), { recordError: () => false }).verdict).toEqual({ kind: 'success', slow: false });
    expect(judged(failure(status(404)), { recordError: (error) => error !== ERROR }).verdict.kind).toBe('failure');
  });

  it('asks ignoreError first', () => {
    expect(judged(failure(), { ignoreError: (error) => error === ERROR, recordError: () => true }).verdict).toEqual({
      kind: 'ignored',
    });
    expect(judged(failure(), { ignoreError: () => false }).verdict.kind).toBe('failure');
  });

  it('asks recordResult and ignoreResult about results', () => {
    const options = {
      recordResult: (value: string) => value === 'bad',
      ignoreResult: (value: string) => value === 'cached',
    };
    expect(judged(success('good'), options).verdict).toEqual({ kind: 'success', slow: false });
    expect(judged(success('bad', 101), options).verdict).toEqual({ kind: 'failure', slow: true, error: undefined });
    expect(judged(success('cached'), options).verdict).toEqual({ kind: 'ignored' });
  });

  it.each([
    [true, { forMs: undefined }],
    [250, { forMs: 250 }],
    [false, undefined],
    [0, undefined],
    [-1, undefined],
    [NaN, undefined],
  ])('of openOnError and openOnResult giving %p makes %p', (answer, opens) => {
    expect(judged(failure(), { openOnError: () => answer }).verdict).toMatchObject({ kind: 'failure', opens });
    const verdict = judged(success('ban'), { openOnResult: () => answer }).verdict;
    if (opens === undefined) expect(verdict).toEqual({ kind: 'success', slow: false });
    else expect(verdict).toEqual({ kind: 'failure', slow: false, error: undefined, opens });
  });

  it('takes an error that opens for a failure, whatever its class', () => {
    expect(judged(failure(status(404)), { openOnError: () => true }).verdict).toMatchObject({
      kind: 'failure',
      opens: { forMs: undefined },
    });
  });

  it.each(['ignoreError', 'recordError', 'openOnError'] as const)('goes on without %s when it throws', (predicate) => {
    const { verdict, failed } = judged(failure(), { [predicate]: boom });
    expect(verdict).toMatchObject({ kind: 'failure', error: ERROR, opens: undefined });
    expect(failed).toEqual([[predicate, ERROR]]);
  });

  it.each(['ignoreResult', 'recordResult', 'openOnResult'] as const)(
    'goes on without %s when it throws',
    (predicate) => {
      const { verdict, failed } = judged(success(), { [predicate]: boom });
      expect(verdict).toEqual({ kind: 'success', slow: false });
      expect(failed).toEqual([[predicate, ERROR]]);
    },
  );
});

describe('isSlow', () => {
  it('is for calls longer than the limit, where slow calls are looked at', () => {
    const options = parseOptions(circuitBreakerOptions, { slowCallMs: 10 }, '');
    expect([isSlow(options, 10), isSlow(options, 11)]).toEqual([false, true]);
    expect(isSlow({ ...options, slowCallRate: false }, 11)).toBe(false);
  });
});

describe('looksAtResults', () => {
  it.each([
    ['recordResult', true],
    ['ignoreResult', true],
    ['openOnResult', true],
    ['recordError', false],
  ])('with %s is %p', (predicate, expected) => {
    expect(looksAtResults(parseOptions(circuitBreakerOptions, { [predicate]: () => false }, ''))).toBe(expected);
  });
});
