/** The only source of chance. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** `Math.random`. */
export const systemRandom: Random = { next: () => Math.random() };

/**
 * Deterministic numbers from a 32-bit seed (mulberry32, T. Ettinger): for tests, simulations and reproducible faults;
 * not for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
