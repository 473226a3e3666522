import { classify } from '../core/classification/classify.js';
import { isRefused } from '../core/errors.js';
import { ChaosForbiddenError, ChaosInjectedError, isChaosInjected } from './chaos-injected-error.js';

describe('ChaosInjectedError', () => {
  it('stands for the failure that it says, and not for a refusal', () => {
    const error = new ChaosInjectedError('okx', 'Rates.fetch', 'rateLimit', 2_000);
    expect(error).toMatchObject({
      name: 'ChaosInjectedError',
      message: 'Chaos "okx" made Rates.fetch fail (rateLimit)',
      code: 'CHAOS_INJECTED',
      policyType: 'chaos',
      policy: 'okx',
      errorClass: 'rateLimit',
      retryAfterMs: 2_000,
    });
    expect(isRefused(error)).toBe(false);
    expect(classify(error)).toEqual({ errorClass: 'rateLimit', retryAfterMs: 2_000 });
    expect(classify(new ChaosInjectedError('okx', 'f', 'network', undefined))).toEqual({ errorClass: 'network' });
  });

  it('is told from other errors by its code', () => {
    expect(isChaosInjected(new ChaosInjectedError('okx', 'f', 'server', undefined))).toBe(true);
    expect(isChaosInjected(new ChaosForbiddenError('okx', 'no'))).toBe(false);
    expect(isChaosInjected(new Error('no'))).toBe(false);
  });
});

it.each([ChaosInjectedError, ChaosForbiddenError])(
  '%p has a name that may be changed, as that of any error',
  (kind) => {
    expect(Object.getOwnPropertyDescriptor(kind.prototype, 'name')).toEqual({
      value: kind.name,
      configurable: true,
      enumerable: false,
      writable: true,
    });
  },
);

describe('ChaosForbiddenError', () => {
  it('says why', () => {
    expect(new ChaosForbiddenError('okx', 'NODE_ENV is "x"')).toMatchObject({
      name: 'ChaosForbiddenError',
      message: 'Chaos "okx" cannot be switched on: NODE_ENV is "x"',
      code: 'CHAOS_FORBIDDEN',
      policyType: 'chaos',
      policy: 'okx',
    });
  });
});
