/** FNV-1a over UTF-16 code units: a 32-bit number for a name. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * MurmurHash3 (x86, 32 bit; Appleby, public domain algorithm) over a list of 32-bit words.
 * Equal words give equal numbers on every machine, which is what makes the series publishable.
 */
export function hashWords(...words: readonly number[]): number {
  let hash = 0;
  for (const word of words) {
    let k = Math.imul(word | 0, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    hash ^= Math.imul(k, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= words.length * 4;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Uniform in [0, 1) with 53 bits, for an epoch time in milliseconds and a purpose. */
export function uniformAt(seed: number, subject: number, timeMs: number, purpose: number): number {
  const low = timeMs >>> 0;
  const high = Math.floor(timeMs / 0x1_0000_0000);
  const a = hashWords(seed, subject, high, low, purpose * 2) >>> 5;
  const b = hashWords(seed, subject, high, low, purpose * 2 + 1) >>> 6;
  return (a * 0x400_0000 + b) / 0x20_0000_0000_0000;
}
