import { InvalidOptionsError } from '../core/errors.js';
import { parseOptions } from '../core/options.js';
import { circuitBreakerOptions } from './circuit-breaker.options.js';

const parse = (input: unknown) => parseOptions(circuitBreakerOptions, input, 'policies.okx.circuitBreaker');

function problemsOf(input: unknown): string[] {
  try {
    parse(input);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.message.split('\n').slice(1);
    throw error;
  }
  throw new Error('was accepted');
}

describe('circuitBreakerOptions', () => {
  it('has the preset as its defaults', () => {
    expect(parse({})).toEqual({
      consecutiveFailures: 5,
      failureRate: 0.5,
      slowCallRate: 0.5,
      slowCallMs: 10_000,
      minimumCalls: 10,
      windowMs: 60_000,
      openForMs: 30_000,
      openForFactor: 2,
      openForJitter: 0.1,
      retryAfterCapMs: 300_000,
      halfOpenPermits: 3,
      halfOpenMaxWaitMs: 30_000,
      rampMs: 0,
      rampFrom: 0.05,
      mode: 'enforce',
      failureClasses: ['network', 'timeout', 'rateLimit', 'server', 'data', 'unknown'],
      maxKeys: 10_000,
      keyIdleMs: 600_000,
    });
  });

  it('names every problem with its path, its rule and the value', () => {
    expect(
      problemsOf({
        consecutiveFailures: 0,
        failureRate: 1.5,
        slowCallRate: 0,
        slowCallMs: -1,
        minimumCalls: 2.5,
        windowMs: 0,
        windowCalls: 100_001,
        openForMs: Infinity,
        openForFactor: 0.5,
        openForJitter: 2,
        retryAfterCapMs: -5,
        halfOpenPermits: 1_001,
        halfOpenFailureRate: 0,
        halfOpenMaxWaitMs: '1s',
        rampMs: -1,
        rampFrom: 0,
        mode: 'on',
        failureClasses: ['weird'],
        classify: true,
        recordError: 1,
        ignoreError: 2,
        recordResult: 3,
        ignoreResult: 4,
        openOnError: 5,
        openOnResult: 6,
        probe: 7,
        maxKeys: 0,
        keyIdleMs: 0,
        threshold: 3,
      }),
    ).toMatchInlineSnapshot(`
     [
       "  - policies.okx.circuitBreaker.consecutiveFailures: must be more than 0; got 0",
       "  - policies.okx.circuitBreaker.failureRate: must be at most 1; got 1.5",
       "  - policies.okx.circuitBreaker.slowCallRate: must be more than 0; got 0",
       "  - policies.okx.circuitBreaker.slowCallMs: must be more than 0; got -1",
       "  - policies.okx.circuitBreaker.minimumCalls: must be a whole number; got 2.5",
       "  - policies.okx.circuitBreaker.windowMs: must be more than 0; got 0",
       "  - policies.okx.circuitBreaker.windowCalls: must be at most 100000; got 100001",
       "  - policies.okx.circuitBreaker.openForMs: must be a finite number; got Infinity",
       "  - policies.okx.circuitBreaker.openForFactor: must be at least 1; got 0.5",
       "  - policies.okx.circuitBreaker.openForJitter: must be at most 1; got 2",
       "  - policies.okx.circuitBreaker.retryAfterCapMs: must be at least 0; got -5",
       "  - policies.okx.circuitBreaker.halfOpenPermits: must be at most 1000; got 1001",
       "  - policies.okx.circuitBreaker.halfOpenFailureRate: must be more than 0; got 0",
       "  - policies.okx.circuitBreaker.halfOpenMaxWaitMs: must be a number; got '1s'",
       "  - policies.okx.circuitBreaker.rampMs: must be at least 0; got -1",
       "  - policies.okx.circuitBreaker.rampFrom: must be more than 0; got 0",
       "  - policies.okx.circuitBreaker.mode: must be one of 'enforce', 'metrics-only', 'disabled', 'forced-open'; got 'on'",
       "  - policies.okx.circuitBreaker.failureClasses.0: must be one of 'network', 'timeout', 'rateLimit', 'server', 'client', 'auth', 'data', 'unknown'; got 'weird'",
       "  - policies.okx.circuitBreaker.classify: must be a function; got true",
       "  - policies.okx.circuitBreaker.recordError: must be a function; got 1",
       "  - policies.okx.circuitBreaker.ignoreError: must be a function; got 2",
       "  - policies.okx.circuitBreaker.recordResult: must be a function; got 3",
       "  - policies.okx.circuitBreaker.ignoreResult: must be a function; got 4",
       "  - policies.okx.circuitBreaker.openOnError: must be a function; got 5",
       "  - policies.okx.circuitBreaker.openOnResult: must be a function; got 6",
       "  - policies.okx.circuitBreaker.probe: must be a function; got 7",
       "  - policies.okx.circuitBreaker.maxKeys: must be more than 0; got 0",
       "  - policies.okx.circuitBreaker.keyIdleMs: must be more than 0; got 0",
       "  - policies.okx.circuitBreaker.threshold: is not an option; got 3",
     ]
    `);
  });

  it('refuses a cap below the first opening', () => {
    expect(problemsOf({ openForMs: 100, openForCapMs: 99 })).toEqual([
      '  - policies.okx.circuitBreaker.openForCapMs: must be at least openForMs; got 99',
    ]);
    expect(parse({ openForMs: 100, openForCapMs: 100 }).openForCapMs).toBe(100);
  });

  it.each([
    ['consecutiveFailures', 1],
    ['consecutiveFailures', false],
    ['failureRate', 1],
    ['failureRate', false],
    ['slowCallRate', 0.001],
    ['slowCallRate', false],
    ['openForFactor', 1],
    ['openForFactor', 10],
    ['openForJitter', 0],
    ['openForJitter', 1],
    ['windowCalls', 100_000],
    ['halfOpenPermits', 1_000],
    ['halfOpenFailureRate', 1],
    ['retryAfterCapMs', 0],
    ['rampFrom', 1],
    ['mode', 'metrics-only'],
    ['mode', 'disabled'],
    ['mode', 'forced-open'],
    ['failureClasses', []],
  ])('accepts %s: %p', (option, value) => {
    expect(parse({ [option]: value })).toMatchObject({ [option]: value });
  });

  it('takes functions as they are', () => {
    const recordError = () => true;
    expect(parse({ recordError }).recordError).toBe(recordError);
  });

  it.each([
    ['openForFactor', 10.1],
    ['openForFactor', 0.9],
    ['failureRate', true],
  ])('refuses %s: %p', (option, value) => {
    expect(problemsOf({ [option]: value })).toHaveLength(1);
  });

  it('describes each option', () => {
    for (const [name, schema] of Object.entries(circuitBreakerOptions.shape)) {
      expect(`${name}: ${schema.description ?? ''}`).toMatch(/: \S.{20}/);
    }
  });
});
