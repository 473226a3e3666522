import { callsOnce, IdleList } from './idle-list.js';

interface Thing {
  readonly id: number;
  nextIdle: Thing | undefined;
}

const thing = (id: number): Thing => ({ id, nextIdle: undefined });

describe('IdleList', () => {
  it('gives each thing to one taker, the last given first', () => {
    const list = new IdleList<Thing>();
    for (const id of [1, 2, 3]) list.give(thing(id));
    expect([list.take()?.id, list.take()?.id]).toEqual([3, 2]);
    list.give(thing(4));
    expect([list.take()?.id, list.take()?.id, list.take()]).toEqual([4, 1, undefined]);
  });

  it('keeps 256 at most, however many a burst gave back', () => {
    const list = new IdleList<Thing>();
    for (let id = 1; id <= 1_000; id += 1) list.give(thing(id));
    const kept: number[] = [];
    for (let one = list.take(); one !== undefined; one = list.take()) kept.push(one.id);
    expect(kept).toEqual(Array.from({ length: 256 }, (_, index) => 256 - index));
  });
});

describe('callsOnce', () => {
  // oxlint-disable-next-line no-thenable -- whether something brings one is what is tested
  const THEN = 'then';
  const then = () => undefined;
  class Subclass extends Promise<unknown> {}
  it.each([
    ['a promise', Promise.resolve(1), true],
    ['a subclass that leaves `then` alone', Subclass.resolve(1), true],
    ['a promise with a `then` of its own', Object.defineProperty(Promise.resolve(1), THEN, { value: then }), false],
    ['a thenable', Object.defineProperty({}, THEN, { value: then }), false],
  ])('%s', (_, work, expected) => {
    expect(callsOnce(work as PromiseLike<unknown>)).toBe(expected);
  });
});
