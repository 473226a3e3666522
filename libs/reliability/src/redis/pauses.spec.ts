import { Pauses } from './pauses.js';
import { sharedKey } from './shared-limits.js';

const [whole, a, b] = [sharedKey(undefined), sharedKey('a'), sharedKey('b')];

describe('pauses', () => {
  it('hold for one key, or for all', () => {
    const pauses = new Pauses();
    expect(pauses.of(a, 0)).toBe(0);
    expect(pauses.impose(a, 500, 1_000, 0)).toBe(500);
    expect([pauses.of(a, 100), pauses.of(b, 100), pauses.of(whole, 100)]).toEqual([400, 0, 0]);
    expect(pauses.impose(whole, 300, 1_000, 100)).toBe(300);
    expect([pauses.of(a, 100), pauses.of(b, 100), pauses.of(whole, 100)]).toEqual([400, 300, 300]);
  });

  it('are cut to the longest', () => {
    const pauses = new Pauses();
    expect(pauses.impose(a, 5_000, 1_000, 0)).toBe(1_000);
    expect(pauses.of(a, 0)).toBe(1_000);
  });

  it.each([0, -5, Number.NaN])('of %p ms are none', (ms) => {
    const pauses = new Pauses();
    expect([pauses.impose(a, ms, 1_000, 0), pauses.of(a, 0)]).toEqual([0, 0]);
  });

  it('are never shortened by a later one', () => {
    const pauses = new Pauses();
    pauses.impose(a, 500, 1_000, 0);
    pauses.impose(a, 100, 1_000, 0);
    expect(pauses.of(a, 0)).toBe(500);
  });
});
