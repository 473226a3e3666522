import type { Call } from '../core/call.js';
import type { EndpointRef } from '../core/endpoint.js';
import type { Random } from '../core/random.js';
import type { Use } from '../core/use.js';
import type { Candidate } from './instance.js';

/** Endpoints a call must not go to (again): already tried, or just refused by their own breaker or limiter. */
export type Avoided = readonly EndpointRef[] | undefined;

/** Chooses one of the candidates. */
export interface Picker<C extends Candidate = Candidate> {
  /** The candidates changed: their number, health or weights. Keeps its place as far as it can. */
  update(candidates: readonly C[], now: number): void;
  /** `undefined` when there is no candidate that is not to be avoided. */
  pick(now: number, avoided: Avoided, call: Call, use: Use): C | undefined;
}

export interface PickerContext {
  /** Name of the balancer, for messages. */
  readonly policy: string;
  readonly random: Random;
}

/** A way of choosing, and what has to be measured for it. */
export interface Strategy {
  readonly name: string;
  readonly latency: 'ewma' | 'peak-ewma' | 'none';
  readonly errorRate: boolean;
  createPicker(context: PickerContext): Picker;
}

export function isAvoided(candidate: Candidate, avoided: Avoided): boolean {
  if (avoided === undefined) return false;
  const { id } = candidate.ref;
  for (const endpoint of avoided) if (endpoint.id === id) return true;
  return false;
}

/** Those not to be avoided; the same array when that is all of them. */
export function allowedOf<C extends Candidate>(candidates: readonly C[], avoided: Avoided): readonly C[] {
  return avoided === undefined ? candidates : candidates.filter((candidate) => !isAvoided(candidate, avoided));
}

/** Whether all candidates have the same weight now. */
export function equallyWeighted(candidates: readonly Candidate[], now: number): boolean {
  const first = candidates[0]?.weightAt(now);
  return candidates.every((candidate) => candidate.weightAt(now) === first);
}
