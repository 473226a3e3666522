import { isRefused, ReliabilityError } from '../core/errors.js';
import { CircuitOpenError, CircuitRefusal, isCircuitOpen } from './circuit-open-error.js';

describe('CircuitOpenError', () => {
  it.each([
    ['open', 'is open'],
    ['half-open', 'is half-open and its probes are out'],
    ['ramping', 'is recovering and admits only a part of the calls'],
    ['forced-open', 'is forced open'],
  ] as const)('of a breaker that is %s says so', (state, words) => {
    expect(new CircuitOpenError('okx', state, undefined, 1_500.2, undefined).message).toBe(
      `Circuit breaker "okx" ${words}; try again in 1501 ms`,
    );
  });

  it('names the key, and no time where nobody can tell', () => {
    const error = new CircuitOpenError('okx', 'forced-open', 'btc', undefined, undefined);
    expect(error.message).toBe('Circuit breaker "okx" for "btc" is forced open');
    expect(error.name).toBe('CircuitOpenError');
    expect(error).toMatchObject({
      key: 'btc',
      state: 'forced-open',
      code: 'CIRCUIT_OPEN',
      policyType: 'circuit-breaker',
    });
    expect('cause' in error).toBe(false);
  });

  it('has a name that may be changed, as that of any error', () => {
    expect(Object.getOwnPropertyDescriptor(CircuitOpenError.prototype, 'name')).toEqual({
      value: 'CircuitOpenError',
      configurable: true,
      enumerable: false,
      writable: true,
    });
  });

  it('is told from other errors by its code', () => {
    const error = new CircuitRefusal('okx', 'open', undefined, 5, 'why').toError();
    expect(error).toMatchObject({ policy: 'okx', retryAfterMs: 5, cause: 'why', state: 'open', refused: true });
    expect(isCircuitOpen(error)).toBe(true);
    expect(isRefused(error)).toBe(true);
    expect(isCircuitOpen(new Error('CIRCUIT_OPEN'))).toBe(false);
    expect(isCircuitOpen(new ReliabilityError('no', { code: 'RATE_LIMITED', policyType: 'x', policy: 'y' }))).toBe(
      false,
    );
    expect(isCircuitOpen(Object.assign(new Error('x'), { code: 'CIRCUIT_OPEN' }))).toBe(false);
  });
});
