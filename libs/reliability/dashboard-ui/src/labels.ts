import type { Band } from './summary.js';

export const BAND_LABELS: Readonly<Record<Band, string>> = {
  down: 'Down',
  held: 'By hand',
  impaired: 'Impaired',
  well: 'Well',
};

/** How a state of a circuit is shown: its tone and its name. */
export const CIRCUIT_TONES: Readonly<Record<string, Tone>> = {
  closed: 'good',
  open: 'bad',
  'half-open': 'warn',
  ramping: 'info',
  'forced-open': 'held',
  disabled: 'idle',
};

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'held' | 'idle';

export const CIRCUIT_LABELS: Readonly<Record<string, string>> = {
  closed: 'Closed',
  open: 'Open',
  'half-open': 'Half-open',
  ramping: 'Ramping',
  'forced-open': 'Forced open',
  disabled: 'Disabled',
};

export const BAND_TONES: Readonly<Record<Band, Tone>> = { down: 'bad', held: 'held', impaired: 'warn', well: 'good' };

export const SERVICE_TONES: Readonly<Record<string, Tone>> = {
  'in-service': 'good',
  draining: 'held',
  drained: 'held',
  resting: 'warn',
  ejected: 'bad',
  unhealthy: 'bad',
};

/** By which share of a score reads as what. */
export const scoreTone = (score: number): Tone => (score >= 90 ? 'good' : score >= 50 ? 'warn' : 'bad');
