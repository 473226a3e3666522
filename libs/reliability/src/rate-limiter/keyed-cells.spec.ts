import fc from 'fast-check';
import type { AtCapacity } from './keyed-cells.js';
import { KeyedCells } from './keyed-cells.js';

const PERIOD_MS = 100;

interface SetUp {
  maxKeys?: number;
  atCapacity?: AtCapacity;
  cells?: number;
  seed?: number;
}

function setUp({ maxKeys = 1_000, atCapacity = 'forget-oldest', cells = 2, seed = 7 }: SetUp = {}) {
  const keyed = new KeyedCells(cells, maxKeys, atCapacity, PERIOD_MS, seed, 0, (state, at) =>
    state.fill(-1, at, at + cells),
  );
  const write = (key: string, value: number, now = 0) => {
    const at = keyed.locate(key, now);
    if (at < 0) return false;
    keyed.state.fill(value, at, at + cells);
    return true;
  };
  const read = (key: string, now = 0) => {
    const at = keyed.locate(key, now);
    return at < 0 ? undefined : Array.from(keyed.state.subarray(at, at + cells));
  };
  return { keyed, write, read };
}

describe('KeyedCells', () => {
  it('starts the numbers of a key it does not know and keeps them for it alone', () => {
    const { write, read, keyed } = setUp();
    expect(read('a')).toEqual([-1, -1]);
    write('a', 5);
    write('b', 6);
    expect([read('a'), read('b'), keyed.size]).toEqual([[5, 5], [6, 6], 2]);
  });

  it('keeps what every one of thousands of keys holds, in as many shards as it takes', () => {
    const { write, read, keyed } = setUp({ maxKeys: 20_000 });
    for (let key = 0; key < 20_000; key += 1) write(`key-${key}`, key);
    for (let key = 0; key < 20_000; key += 1) expect(read(`key-${key}`)![1]).toBe(key);
    expect([keyed.size, keyed.forgotten]).toEqual([20_000, 0]);
  });

  it('forgets a key one to two periods after its last use', () => {
    const { write, read } = setUp();
    write('a', 5, 50);
    expect(read('a', 149)).toEqual([5, 5]);
    expect(read('a', 249)).toEqual([5, 5]);
    expect(read('a', 449)).toEqual([-1, -1]);
  });

  it('keeps a key that is used in every period for ever', () => {
    const { write, read } = setUp();
    write('a', 5);
    for (let now = 90; now < 5_000; now += 90) expect(read('a', now)).toEqual([5, 5]);
  });

  it('finds the key located last again after others of its shard have come', () => {
    const { write, read } = setUp();
    write('a', 5);
    expect(read('a')).toEqual([5, 5]);
    for (let key = 0; key < 40; key += 1) write(`k${key}`, key);
    write('a', 9);
    expect(read('a')).toEqual([9, 9]);
    expect(read('a', 250)).toEqual([-1, -1]);
  });

  it('drops everything at once after two idle periods', () => {
    const { write, keyed } = setUp();
    for (let key = 0; key < 50; key += 1) write(`k${key}`, key);
    keyed.expire(150);
    expect(keyed.size).toBe(50);
    keyed.expire(250);
    expect(keyed.size).toBe(0);
  });

  it('never holds more than its keys: the one used least recently goes', () => {
    const { write, read, keyed } = setUp({ maxKeys: 3 });
    for (const key of ['a', 'b', 'c']) write(key, 5);
    write('d', 6, 1);
    expect([keyed.size, keyed.forgotten]).toEqual([3, 1]);
    expect(['b', 'c', 'd'].map((key) => read(key, 1)![0])).toEqual([5, 5, 6]);
    write('e', 7, 2);
    expect([keyed.size, keyed.forgotten]).toEqual([3, 2]);
  });

  it('forgets idle keys rather than those in use', () => {
    const { write, read } = setUp({ maxKeys: 3 });
    write('idle', 5);
    write('busy 1', 5);
    write('busy 2', 5);
    write('busy 1', 6, 110);
    write('busy 2', 6, 110);
    write('new', 7, 120);
    expect(['busy 1', 'busy 2', 'new'].map((key) => read(key, 120)![0])).toEqual([6, 6, 7]);
    expect(read('idle', 120)).toEqual([-1, -1]);
  });

  it('refuses new keys when told to, until others have been idle long enough', () => {
    const { write, keyed } = setUp({ maxKeys: 2, atCapacity: 'refuse' });
    expect([write('a', 1), write('b', 1), write('c', 1)]).toEqual([true, true, false]);
    expect([write('a', 2), keyed.size, keyed.forgotten]).toEqual([true, 2, 0]);
    expect(write('c', 1, 150)).toBe(false);
    expect(write('c', 1, 260)).toBe(true);
  });

  it('makes room across shards when the preferred one has nobody to forget', () => {
    const { write, keyed } = setUp({ maxKeys: 5_000 });
    for (let key = 0; key < 12_000; key += 1) write(`key-${key}`, key);
    expect(keyed.size).toBe(5_000);
    expect(keyed.forgotten).toBe(7_000);
  });

  it('finds the key located last, and the numbers of others that came between', () => {
    const { write, read } = setUp({ cells: 3 });
    write('a', 1);
    write('b', 2);
    write('a', 3);
    expect([read('a'), read('b'), read('a')]).toEqual([
      [3, 3, 3],
      [2, 2, 2],
      [3, 3, 3],
    ]);
    // The same key as last time, a generation later: its numbers have moved.
    expect(read('a', 100)).toEqual([3, 3, 3]);
    expect(read('a', 199)).toEqual([3, 3, 3]);
    expect(read('b', 199)).toEqual([2, 2, 2]);
  });

  it('keeps what a key held exactly one period, and forgets it at two', () => {
    const { write, read, keyed } = setUp();
    write('a', 5);
    keyed.expire(99);
    keyed.expire(100);
    expect(keyed.size).toBe(1);
    expect(read('a', 199)).toEqual([5, 5]);
    keyed.expire(400);
    expect(keyed.size).toBe(0);
  });

  it('begins a new generation at the very end of one', () => {
    const { write, read, keyed } = setUp();
    write('a', 5);
    write('x', 6, 100);
    write('y', 7, 200);
    expect([read('x', 200), keyed.size]).toEqual([[6, 6], 2]);
    keyed.expire(400);
    expect(keyed.size).toBe(0);
  });

  it('takes room for few keys at first, and for twice as many as it needs later', () => {
    const { write, keyed } = setUp({ maxKeys: 100_000 });
    write('k0', 0);
    expect(keyed.state).toHaveLength(16 * 2);
    for (let key = 1; key < 16; key += 1) write(`k${key}`, key);
    expect(keyed.state).toHaveLength(16 * 2);
    write('k16', 16);
    expect(keyed.state).toHaveLength(2 * 17 * 2);
    for (let key = 17; key < 5_000; key += 1) write(`k${key}`, key);
    expect(keyed.state).toHaveLength(4_096 * 2);
  });

  it('agrees with a plain map as long as nothing has to be forgotten', () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 40 }),
      value: fc.nat(99),
      ms: fc.integer({ min: 0, max: 90 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer(), (steps, seed) => {
        const { read, write } = setUp({ maxKeys: 10_000, seed });
        const model = new Map<number, { value: number; at: number }>();
        let now = 0;
        for (const { key, value, ms } of steps) {
          now += ms;
          const known = model.get(key);
          const held = read(`k${key}`, now)![0];
          if (known !== undefined && now - known.at < PERIOD_MS) expect(held).toBe(known.value);
          else expect([known?.value ?? -1, -1]).toContain(held);
          write(`k${key}`, value, now);
          model.set(key, { value, at: now });
        }
      }),
    );
  });
});
