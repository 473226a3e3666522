import { Penalties } from './penalties.js';

const RULE = { refusals: 3, withinMs: 100, blockMs: 1_000 };

describe('Penalties', () => {
  it('last as long as imposed', () => {
    const penalties = new Penalties();
    expect(penalties.size).toBe(0);
    penalties.impose('a', 50, 100);
    expect([penalties.remaining('a', 100), penalties.remaining('a', 149), penalties.remaining('b', 100)]).toEqual([
      50, 1, 0,
    ]);
    expect(penalties.size).toBe(1);
    expect([penalties.remaining('a', 150), penalties.size]).toEqual([0, 0]);
  });

  it('are never shortened', () => {
    const penalties = new Penalties();
    penalties.impose('a', 50, 0);
    penalties.impose('a', 10, 0);
    expect(penalties.remaining('a', 0)).toBe(50);
    penalties.impose('a', 60, 0);
    expect(penalties.remaining('a', 0)).toBe(60);
    penalties.impose('b', 0, 0);
    expect(penalties.size).toBe(1);
  });

  it('follow so many refusals within the time, and the count starts over then', () => {
    const penalties = new Penalties();
    expect([0, 50, 99].map((now) => penalties.countRefusal('a', now, RULE))).toEqual([false, false, true]);
    expect(penalties.remaining('a', 99)).toBe(1_000);
    expect(penalties.countRefusal('a', 99, RULE)).toBe(false);
    expect([1_000, 1_050, 1_099].map((now) => penalties.countRefusal('b', now, RULE))).toEqual([false, false, true]);
  });

  it('do not follow refusals that are spread', () => {
    const penalties = new Penalties();
    expect([0, 50, 100, 150, 200].map((now) => penalties.countRefusal('a', now, RULE))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('remember 10,000 keys, the latest', () => {
    const penalties = new Penalties();
    for (let key = 0; key <= 10_000; key += 1) penalties.impose(`${key}`, 50, 0);
    expect(penalties.size).toBe(10_000);
    expect([penalties.remaining('0', 0), penalties.remaining('1', 0), penalties.remaining('10000', 0)]).toEqual([
      0, 50, 50,
    ]);
    penalties.impose('1', 60, 0);
    penalties.impose('new', 50, 0);
    expect([penalties.remaining('1', 0), penalties.remaining('2', 0)]).toEqual([60, 0]);
  });

  it('imposed again and no longer leave open whose turn it is to be forgotten', () => {
    const penalties = new Penalties();
    for (let key = 0; key < 10_000; key += 1) penalties.impose(`${key}`, 50, 0);
    penalties.impose('0', 50, 0);
    penalties.impose('new', 50, 0);
    expect([penalties.remaining('0', 0), penalties.remaining('1', 0)]).toEqual([0, 50]);
  });

  it('count refusals for 10,000 keys, the latest', () => {
    const penalties = new Penalties();
    penalties.countRefusal('a', 0, RULE);
    penalties.countRefusal('a', 0, RULE);
    for (let key = 0; key < 10_000; key += 1) penalties.countRefusal(`${key}`, 0, RULE);
    expect(penalties.countRefusal('a', 0, RULE)).toBe(false);
  });
});
