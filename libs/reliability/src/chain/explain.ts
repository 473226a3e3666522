import type { AroundPolicy, AdmissionPolicy } from '../core/policy.js';
import type { Slot } from '../core/policy-definition.js';
import type { Chain } from './chain.js';

/** One link of a chain as people are shown it, outermost first. */
export interface ChainLine {
  readonly type: string;
  readonly name: string;
  readonly slot: Slot;
  /** How it works: decides at once, holds callers in a queue, or surrounds what lies further in. */
  readonly mode: 'decides' | 'waits' | 'surrounds';
}

export function explainChain(chain: Chain): readonly ChainLine[] {
  return chain.links.map(({ policy, slot }) => ({ type: policy.type, name: policy.name, slot, mode: modeOf(policy) }));
}

function modeOf(policy: AdmissionPolicy | AroundPolicy): ChainLine['mode'] {
  if (policy.kind === 'around') return 'surrounds';
  return policy.waits ? 'waits' : 'decides';
}
