import { BulkheadFullError, BulkheadRefusal, isBulkheadFull } from './bulkhead-full-error.js';

describe('the refusals of a bulkhead', () => {
  it.each([
    ['full', 'Bulkhead "okx" is full'],
    ['shed', 'Bulkhead "okx" is full, and gave the place in its queue to a more urgent call'],
    ['expired', 'Bulkhead "okx" had no room as long as the call may wait'],
    ['aborted', 'Bulkhead "okx" still had no room when the call was aborted'],
    ['overloaded', 'Bulkhead "okx" refuses because the process is overloaded'],
  ] as const)('say why: %s', (reason, message) => {
    const error = new BulkheadRefusal('okx', reason, undefined, 40).toError();
    expect(error).toMatchObject({
      message,
      reason,
      key: undefined,
      code: 'BULKHEAD_FULL',
      policyType: 'bulkhead',
      policy: 'okx',
      retryAfterMs: 40,
      refused: true,
    });
    expect(isBulkheadFull(error)).toBe(true);
  });

  it('name the key', () => {
    expect(new BulkheadFullError('okx', 'full', 'BTC', undefined)).toMatchObject({
      message: 'Bulkhead "okx" for "BTC" is full',
      key: 'BTC',
    });
    expect(new BulkheadFullError('okx', 'closed', undefined, undefined).message).toBe(
      'Bulkhead "okx" is shutting down',
    );
  });

  it('of a bulkhead that closes are those of a shutdown', () => {
    const error = new BulkheadRefusal('okx', 'closed', undefined, 40).toError();
    expect(error).toMatchObject({ code: 'SHUTTING_DOWN', policyType: 'bulkhead', policy: 'okx', refused: true });
    expect(isBulkheadFull(error)).toBe(false);
  });

  it('are not mistaken for others', () => {
    expect([isBulkheadFull(undefined), isBulkheadFull({ code: 'BULKHEAD_FULL' })]).toEqual([false, false]);
  });

  it('are named as their class, as built-in errors are', () => {
    expect(Object.getOwnPropertyDescriptor(BulkheadFullError.prototype, 'name')).toEqual({
      value: 'BulkheadFullError',
      configurable: true,
      writable: true,
      enumerable: false,
    });
  });
});
