import type { AlertSeverity } from '../../core/alert.js';
import type { Sample } from '../series/sample.js';

/** What a rule makes of a series so far. `detail` is one phrase for people, with the figures. */
export type Finding =
  /** Too little is known to tell: the alert stays as it is. */
  | { readonly kind: 'unknown'; readonly detail: string }
  | { readonly kind: 'clear'; readonly value: number; readonly detail: string }
  | {
      readonly kind: 'breached';
      readonly value: number;
      readonly detail: string;
      /** Where the rule itself knows how severe it is. */
      readonly severity?: AlertSeverity;
    };

/**
 * Looks at one series, sample by sample, in bounded memory. Samples come in order of time, with finite numbers; time is
 * that of the samples alone.
 */
export interface Detector {
  observe(sample: Sample): Finding;
}

/** A number as people read it: four digits. */
export function shownNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toExponential(2);
  return String(Number(value.toPrecision(size >= 1_000 ? Math.ceil(Math.log10(size + 1)) : 4)));
}

export const shownShare = (value: number): string => `${shownNumber(100 * value)} %`;

/** A duration as people read it: `90 s`, `5 min`, `3 h`, `2 d`. */
export function shownDuration(ms: number): string {
  for (const [unit, size] of UNITS)
    if (ms >= 2 * size) return `${shownNumber(Math.round((10 * ms) / size) / 10)} ${unit}`;
  return `${shownNumber(ms / 1_000)} s`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
];
