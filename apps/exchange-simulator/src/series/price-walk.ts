import { uniformAt } from './hash.js';

const OCTAVES: readonly { readonly periodMs: number; readonly amplitude: number }[] = [
  { periodMs: 6 * 3_600_000, amplitude: 0.04 },
  { periodMs: 20 * 60_000, amplitude: 0.01 },
  { periodMs: 60_000, amplitude: 0.002 },
  { periodMs: 4_000, amplitude: 0.0003 },
];

/**
 * A slow walk around 1, within ±5.3 %, as a pure function of seed, subject and time: value noise (random values at
 * multiples of a period, joined by the smoothstep 3t² − 2t³) summed over four periods from 4 s to 6 h.
 */
export function priceFactor(seed: number, subject: number, timeMs: number): number {
  let factor = 1;
  for (const [index, { periodMs, amplitude }] of OCTAVES.entries()) {
    const cell = Math.floor(timeMs / periodMs);
    const t = timeMs / periodMs - cell;
    const from = uniformAt(seed, subject, cell, 100 + index);
    const to = uniformAt(seed, subject, cell + 1, 100 + index);
    factor += amplitude * (2 * (from + (to - from) * t * t * (3 - 2 * t)) - 1);
  }
  return factor;
}
