import fc from 'fast-check';
import { ByLength } from './by-length.js';

describe('queues by length', () => {
  it('have no longest while nobody waits', () => {
    const queues = new ByLength<string>();
    expect(queues.longest).toBeUndefined();
    queues.move('a', 0, 1);
    queues.move('a', 1, 0);
    expect(queues.longest).toBeUndefined();
  });

  it('know the longest, as a search would find it', () => {
    const change = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(5));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const queues = new ByLength<string>();
        const lengths = new Map<string, number>();
        for (const [queue, length] of changes) {
          queues.move(queue, lengths.get(queue) ?? 0, length);
          lengths.set(queue, length);
          const longest = Math.max(...lengths.values());
          if (longest === 0) expect(queues.longest).toBeUndefined();
          else expect(lengths.get(queues.longest!)).toBe(longest);
        }
      }),
    );
  });
});
