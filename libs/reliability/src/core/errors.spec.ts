import { isRefused, isReliabilityError, ReliabilityError, ShuttingDownError } from './errors.js';

describe('ReliabilityError', () => {
  const details = { code: 'CIRCUIT_OPEN', policyType: 'circuit-breaker', policy: 'okx', refused: true } as const;

  it('captures no stack by default, leaves the limit of other errors alone, and captures one on demand', () => {
    const limit = Error.stackTraceLimit;
    expect(new ReliabilityError('open', details).stack).toBe('ReliabilityError: open');
    expect(Error.stackTraceLimit).toBe(limit);
    ReliabilityError.captureStacks = true;
    try {
      expect(new ReliabilityError('open', details).stack).toContain('errors.spec');
    } finally {
      ReliabilityError.captureStacks = false;
    }
  });

  it('is recognised by brand, from whichever copy of the library', () => {
    const foreign = { [Symbol.for('marketprism.reliability.error')]: true, refused: true };
    expect([isReliabilityError(foreign), isRefused(foreign)]).toEqual([true, true]);
    expect([isReliabilityError(new Error('x')), isReliabilityError(null), isReliabilityError('x')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('tells a refusal from a failure', () => {
    expect(isRefused(new ReliabilityError('x', { ...details, refused: false }))).toBe(false);
    expect(isRefused(new ShuttingDownError('bulkhead', 'okx'))).toBe(true);
  });

  it('keeps the cause out of enumeration', () => {
    const cause = new Error('the reason');
    const error = new ReliabilityError('open', { ...details, cause });
    expect(error.cause).toBe(cause);
    expect(Object.keys(error)).not.toContain('cause');
  });
});
