import { hashText, hashWords, uniformAt } from './hash.js';

describe('hashing of the published series', () => {
  it('gives the reference values of FNV-1a and MurmurHash3', () => {
    expect(hashText('')).toBe(0x811c9dc5);
    expect(hashText('a')).toBe(0xe40c292c);
    expect(hashText('foobar')).toBe(0xbf9cf968);
    // murmur3_x86_32 of the bytes 21 43 65 87 with seed 0
    expect(hashWords(0x87654321)).toBe(0xf55b516b);
    expect(hashWords(0)).toBe(0x2362f9de);
  });

  it('is uniform enough over consecutive settlements: each tenth gets 8 to 12 % of 20,000', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 20_000; i += 1) {
      const tenth = Math.floor(uniformAt(1, 42, 1_790_000_000_000 + i * 5_000, 0) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    expect(Math.min(...tenths)).toBeGreaterThan(1_600);
    expect(Math.max(...tenths)).toBeLessThan(2_400);
  });
});
