import * as fc from 'fast-check';
import { KeyedStates } from './keyed-states.js';

const keysOf = (states: KeyedStates<number>) => [...states.entries()].map(([key]) => key).sort();

describe('KeyedStates', () => {
  it('gives what was set, and nothing for other keys', () => {
    const states = new KeyedStates<number>({ maxKeys: 10, idleMs: 100 });
    expect(states.set('a', 1, 0)).toBe(true);
    expect(states.get('a', 0)).toBe(1);
    expect(states.get('b', 0)).toBeUndefined();
    states.set('a', 2, 0);
    expect(states.peek('a')).toBe(2);
    expect(states.size).toBe(1);
  });

  it('keeps a key that is asked for and forgets one that is not', () => {
    const states = new KeyedStates<number>({ maxKeys: 10, idleMs: 100 });
    states.set('busy', 1, 0);
    states.set('idle', 2, 0);
    for (let now = 50; now <= 500; now += 50) expect(states.get('busy', now)).toBe(1);
    expect(keysOf(states)).toEqual(['busy']);
    expect(states.retired).toBe(1);
  });

  it('holds an idle key for at least the idle time and at most twice that', () => {
    const held = (idleFor: number) => {
      const states = new KeyedStates<number>({ maxKeys: 10, idleMs: 100 });
      states.get('start', 0);
      states.set('key', 1, 50);
      for (let now = 51; now < 50 + idleFor; now += 1) states.get('other', now);
      return states.get('key', 50 + idleFor) !== undefined;
    };
    expect(held(100)).toBe(true);
    expect(held(149)).toBe(true);
    expect(held(150)).toBe(false);
  });

  it('forgets everything over a gap in which nobody asked for anything', () => {
    const states = new KeyedStates<number>({ maxKeys: 10, idleMs: 100 });
    states.set('a', 1, 0);
    expect(states.get('a', 199)).toBe(1);
    states.set('b', 2, 199);
    expect(states.get('b', 500)).toBeUndefined();
    expect(states.size).toBe(0);
    expect(states.retired).toBe(2);
  });

  it('gives up the key that was longest not asked for, to the precision of a generation', () => {
    const states = new KeyedStates<number>({ maxKeys: 3, idleMs: 100 });
    states.set('a', 1, 0);
    states.set('b', 2, 0);
    states.set('c', 3, 0);
    states.get('a', 100);
    states.set('d', 4, 100);
    expect(keysOf(states)).toEqual(['a', 'c', 'd']);
    states.set('e', 5, 100);
    expect(keysOf(states)).toEqual(['a', 'd', 'e']);
    states.set('f', 6, 100);
    expect(keysOf(states)).toEqual(['d', 'e', 'f']);
    expect(states.evicted).toBe(3);
  });

  it('neither retires nor evicts what is pinned', () => {
    const states = new KeyedStates<number>({ maxKeys: 2, idleMs: 100 });
    states.set('pinned', 1, 0);
    states.pin('pinned');
    for (let key = 0; key < 50; key += 1) states.set(`k${key}`, key, key * 10);
    expect(states.get('pinned', 10_000)).toBe(1);
    expect(states.pinnedSize).toBe(1);
    expect([...states.pinnedEntries()]).toEqual([['pinned', 1]]);
    states.set('pinned', 7, 10_000);
    expect(states.peek('pinned')).toBe(7);
    expect(states.pinnedSize).toBe(1);
  });

  it('turns a key away when every place is pinned', () => {
    const states = new KeyedStates<number>({ maxKeys: 1, idleMs: 100 });
    states.set('a', 1, 0);
    states.pin('a');
    expect(states.set('b', 2, 0)).toBe(false);
    expect(states.set('a', 3, 0)).toBe(true);
    expect(states.overflowed).toBe(1);
    states.unpin('a');
    expect(states.set('b', 2, 0)).toBe(true);
    expect(keysOf(states)).toEqual(['b']);
  });

  it('pins and unpins only what it holds', () => {
    const states = new KeyedStates<number>({ maxKeys: 1, idleMs: 100 });
    states.pin('a');
    states.unpin('a');
    expect(states.size).toBe(0);
    states.set('a', 1, 0);
    states.unpin('a');
    expect(states.size).toBe(1);
    states.pin('a');
    states.pin('a');
    states.unpin('a');
    expect(states.size).toBe(1);
    expect(states.pinnedSize).toBe(0);
  });

  it('pins a key of either generation', () => {
    const states = new KeyedStates<number>({ maxKeys: 5, idleMs: 100 });
    states.set('old', 1, 0);
    states.set('new', 2, 100);
    states.pin('old');
    states.pin('new');
    expect(states.size).toBe(2);
    expect(states.get('new', 900)).toBe(2);
    expect(states.get('old', 900)).toBe(1);
  });

  it('deletes and clears', () => {
    const states = new KeyedStates<number>({ maxKeys: 9, idleMs: 100 });
    states.set('old', 1, 0);
    states.set('new', 2, 100);
    states.set('pinned', 3, 100);
    states.pin('pinned');
    expect([states.delete('old'), states.delete('new'), states.delete('pinned'), states.delete('none')]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(states.size).toBe(0);
    states.set('old', 1, 200);
    states.set('new', 2, 300);
    states.set('pinned', 3, 300);
    states.pin('pinned');
    states.clear();
    expect(states.size).toBe(0);
    expect(keysOf(states)).toEqual([]);
  });

  it('has room for fewer keys with the next one', () => {
    const states = new KeyedStates<number>({ maxKeys: 5, idleMs: 100 });
    for (let key = 0; key < 5; key += 1) states.set(`k${key}`, key, 0);
    states.reconfigure({ maxKeys: 2, idleMs: 100 });
    expect(states.size).toBe(5);
    states.set('new', 9, 0);
    expect(states.size).toBe(2);
    expect(states.get('new', 0)).toBe(9);
  });

  it('goes by another idle time at once', () => {
    const states = new KeyedStates<number>({ maxKeys: 5, idleMs: 100 });
    states.set('asked', 1, 0);
    states.set('idle', 2, 0);
    states.reconfigure({ maxKeys: 5, idleMs: 1_000 });
    expect(states.get('asked', 999)).toBe(1);
    states.get('other', 1_000);
    expect(states.retired).toBe(0);
    states.get('other', 2_000);
    expect(states.retired).toBe(2);
  });

  it('forgets a key that was idle for exactly twice the idle time', () => {
    const states = new KeyedStates<number>({ maxKeys: 5, idleMs: 100 });
    states.set('a', 1, 0);
    expect(states.get('a', 200)).toBeUndefined();
  });

  it('lists pinned keys first, then those asked for last', () => {
    const states = new KeyedStates<number>({ maxKeys: 9, idleMs: 100 });
    states.set('old', 1, 0);
    states.set('new', 2, 100);
    states.set('pinned', 3, 100);
    states.pin('pinned');
    expect([...states.entries()]).toEqual([
      ['pinned', 3],
      ['new', 2],
      ['old', 1],
    ]);
  });

  it('never holds more than its bound and never loses a pinned key, whatever happens', () => {
    const step = fc.record({
      do: fc.constantFrom('set', 'set', 'get', 'pin', 'unpin', 'delete'),
      key: fc.nat({ max: 12 }).map(String),
      wait: fc.nat({ max: 60 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 150 }), (maxKeys, steps) => {
        const states = new KeyedStates<string>({ maxKeys, idleMs: 100 });
        const pinned = new Set<string>();
        let now = 0;
        for (const { do: action, key, wait } of steps) {
          now += wait;
          if (action === 'set') states.set(key, key, now);
          else if (action === 'get') expect(states.get(key, now)).toBe(states.peek(key));
          else if (action === 'delete') {
            states.delete(key);
            pinned.delete(key);
          } else {
            if (action === 'pin' && states.peek(key) !== undefined) pinned.add(key);
            if (action === 'unpin') pinned.delete(key);
            states[action](key);
          }
          expect(states.size).toBeLessThanOrEqual(maxKeys);
          for (const kept of pinned) expect(states.peek(kept)).toBe(kept);
          expect(states.pinnedSize).toBe(pinned.size);
        }
      }),
    );
  });

  it('makes room for a hundred thousand keys one after the other without walking over the others', () => {
    const states = new KeyedStates<number>({ maxKeys: 1_000, idleMs: 1e9 });
    for (let key = 0; key < 100_000; key += 1) states.set(`k${key}`, key, 0);
    expect(states.size).toBe(1_000);
    expect(states.evicted).toBe(99_000);
    expect(states.peek('k99999')).toBe(99_999);
  });
});
