import 'reflect-metadata';
import { CircuitBreaker, Retry } from '@marketprism/reliability';

/** Applies a decorator as the compiler would, where it would not compile. */
const apply =
  (decorator: unknown, ...args: unknown[]) =>
  () =>
    (decorator as (...given: unknown[]) => void)(...args);

class Rates {
  static all() {}
  get latest() {
    return 1;
  }
}

describe('what cannot be protected is refused when it is defined, with what to do instead', () => {
  it.each([
    [
      'a static method',
      apply(CircuitBreaker(), Rates, 'all', Object.getOwnPropertyDescriptor(Rates, 'all')),
      /@CircuitBreaker on Rates\.all: a static method has no instance.*make it an instance method/s,
    ],
    [
      'an accessor',
      apply(Retry(), Rates.prototype, 'latest', Object.getOwnPropertyDescriptor(Rates.prototype, 'latest')),
      /@Retry on Rates\.latest: an accessor cannot be protected: write a method instead/,
    ],
    [
      'an arrow property',
      apply(Retry(), Rates.prototype, 'arrow', undefined),
      /@Retry on Rates\.arrow: a property cannot be protected: write a method instead of an arrow function/,
    ],
    [
      'a standard decorator',
      apply(Retry(), () => undefined, { kind: 'method', name: 'fetch' }),
      /is a standard \(TC39\) decorator call: enable "experimentalDecorators"/,
    ],
    [
      'a standard class decorator',
      apply(Retry(), Rates, { kind: 'class', name: 'Rates' }),
      /is a standard \(TC39\) decorator call: enable "experimentalDecorators"/,
    ],
  ])('%s', (_, define, message) => {
    expect(define).toThrow(message);
  });
});
