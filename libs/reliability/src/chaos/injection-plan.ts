import type { Call } from '../core/call.js';
import type { Random } from '../core/random.js';
import type { Injection } from './chaos.options.js';

/** The call that injections are looked up for. */
export interface Victim {
  readonly call: Call;
  /** Asked only where an injection names keys. */
  readonly key: () => string | undefined;
  /** Since chaos was switched on, in ms. */
  readonly elapsedMs: number;
}

/**
 * The injections that befall a call, in order, up to the first that ends it. Chance is drawn once for each injection
 * that the call is eligible for, also where it spares the call.
 */
export function planInjections(injections: readonly Injection[], victim: Victim, random: Random): Injection[] {
  const planned: Injection[] = [];
  for (const injection of injections) {
    if (!isEligible(injection, victim) || random.next() >= injection.rate) continue;
    planned.push(injection);
    if (injection.kind === 'fault' || injection.kind === 'result') break;
  }
  return planned;
}

/** Whether the time box, the keys and the condition of an injection include a call. The end of the box does not. */
function isEligible({ afterMs, forMs, keys, when }: Injection, { call, key, elapsedMs }: Victim): boolean {
  if (elapsedMs < afterMs || elapsedMs - afterMs >= (forMs ?? Infinity)) return false;
  if (keys !== undefined && !isOneOf(keys, key())) return false;
  return when === undefined || when(call);
}

function isOneOf(keys: readonly string[], key: string | undefined): boolean {
  return keys.some((each) => each === key);
}
