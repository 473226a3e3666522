import { ReliabilityError } from '../core/errors.js';
import { CallTimeoutError, isCallTimeout } from './call-timeout-error.js';
import { DeadlineExceededError, isDeadlineExceeded } from './deadline-exceeded-error.js';

const timeout = new CallTimeoutError('okx', 'Okx.fetch', 1_234.5678);
const deadline = new DeadlineExceededError('deadline', 'okx', 'Okx.fetch', false);

describe('the errors of time limits', () => {
  it('are named as their classes, as built-in errors are', () => {
    for (const [error, name] of [
      [CallTimeoutError, 'CallTimeoutError'],
      [DeadlineExceededError, 'DeadlineExceededError'],
    ] as const) {
      expect(Object.getOwnPropertyDescriptor(error.prototype, 'name')).toEqual({
        value: name,
        configurable: true,
        writable: true,
        enumerable: false,
      });
    }
  });

  it('say which policy they are of, and whether anything was started', () => {
    expect(timeout).toMatchObject({ code: 'CALL_TIMEOUT', policyType: 'time-limit', policy: 'okx', refused: false });
    expect(deadline).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      policyType: 'deadline',
      policy: 'okx',
      refused: false,
      message: 'deadline "okx": the deadline of Okx.fetch passed before it gave a result',
    });
    expect(new DeadlineExceededError('time-limit', 'okx', 'Okx.fetch', true)).toMatchObject({
      policyType: 'time-limit',
      refused: true,
      message: 'time-limit "okx": the deadline of Okx.fetch had passed before it was called',
    });
  });

  it('round the limit in their message, not in their field', () => {
    expect(timeout.message).toBe('Time limit "okx": Okx.fetch gave no result within 1234.57 ms');
    expect(timeout.limitMs).toBe(1_234.5678);
  });

  it.each([
    { what: 'a timeout', error: timeout, isTimeout: true, isDeadline: false },
    { what: 'a deadline', error: deadline, isTimeout: false, isDeadline: true },
    {
      what: 'another error of this library',
      error: new ReliabilityError('no', { code: 'CIRCUIT_OPEN', policyType: 'circuit-breaker', policy: 'okx' }),
      isTimeout: false,
      isDeadline: false,
    },
    { what: 'an error with such a code', error: { code: 'CALL_TIMEOUT' }, isTimeout: false, isDeadline: false },
    { what: 'one with the other', error: { code: 'DEADLINE_EXCEEDED' }, isTimeout: false, isDeadline: false },
    { what: 'nothing', error: undefined, isTimeout: false, isDeadline: false },
  ])('are told apart: $what', ({ error, isTimeout, isDeadline }) => {
    expect([isCallTimeout(error), isDeadlineExceeded(error)]).toEqual([isTimeout, isDeadline]);
  });
});
