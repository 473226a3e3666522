import { testCall } from '../testing/test-call.js';
import { attachIdempotencyKey, idempotencyKeyOf } from './idempotency-key.js';

const attached = (keyOf: () => unknown) => {
  const call = testCall();
  attachIdempotencyKey(call, keyOf as () => string, 'orders');
  return idempotencyKeyOf(call);
};

it('is found on the call that was given it', () => {
  expect(attached(() => 'order-7')).toBe('order-7');
});

it('is absent where the function gives none, and from what is no call', () => {
  expect(attached(() => undefined)).toBeUndefined();
  expect(idempotencyKeyOf(testCall())).toBeUndefined();
  expect(idempotencyKeyOf({})).toBeUndefined();
});

it.each(['', 7, null])('cannot be %p', (key) => {
  expect(() => attached(() => key)).toThrow(
    `Test.call: idempotencyKey for policy "orders": must give a non-empty string or undefined; got ${key === '' ? "''" : key}`,
  );
});

it('is refused when the function throws, with its error as cause', () => {
  const cause = new Error('no id');
  const act = () =>
    attached(() => {
      throw cause;
    });
  expect(act).toThrow('Test.call: idempotencyKey for policy "orders": the function threw');
  expect(act).toThrow(expect.objectContaining({ cause }));
});
