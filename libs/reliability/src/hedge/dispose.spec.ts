import { disposeOf } from './dispose.js';

describe('disposeOf', () => {
  it('prefers the asynchronous way, and gives its promise', () => {
    const value = { [Symbol.asyncDispose]: () => Promise.resolve('async'), [Symbol.dispose]: () => 'sync' };
    return expect(disposeOf(value)).resolves.toBe('async');
  });

  it('calls it as a method', () => {
    const value = {
      closed: false,
      [Symbol.dispose]() {
        this.closed = true;
      },
    };
    disposeOf(value);
    expect(value.closed).toBe(true);
  });

  it.each([[undefined], [null], ['text'], [7], [{}], [{ dispose: () => 'not a symbol' }]])(
    'leaves %p alone',
    (value) => {
      expect(disposeOf(value)).toBeUndefined();
    },
  );
});
