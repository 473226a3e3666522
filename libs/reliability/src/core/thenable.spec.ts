import { runInNewContext } from 'node:vm';
import { isThenable } from './thenable.js';

describe('isThenable', () => {
  it.each([
    ['a promise', Promise.resolve(), true],
    ["another realm's promise", runInNewContext('Promise.resolve()'), true],
    ['nothing', undefined, false],
    ['null', null, false],
    ['a string', 'then', false],
    ['an object', {}, false],
    ['a function', () => undefined, false],
  ])('knows %s', (_, value, expected) => {
    expect(isThenable(value)).toBe(expected);
  });
});
