import { ReliabilityError } from '../core/errors.js';
import { SLOTS } from '../core/policy-definition.js';
import type { Link } from './link.js';

/**
 * The links outermost first: by their slots, however they were written. `order` lists policy types outermost first:
 * those it names take, in that order, the places that they hold together; all others stay where they are.
 * @throws ReliabilityError `INVALID_OPTIONS` when `order` names a type twice or one that the chain does not have
 */
export function canonicalOrder(links: readonly Link[], order: readonly string[] = []): readonly Link[] {
  const canonical = links.toSorted((a, b) => SLOTS.indexOf(a.slot) - SLOTS.indexOf(b.slot));
  if (order.length === 0) return canonical;
  const types = canonical.map(({ policy }) => policy.type);
  for (const [index, type] of order.entries()) {
    if (!types.includes(type)) throw invalidOrder(`"${type}" is not in this chain, which has ${types.join(', ')}`);
    if (order.indexOf(type) !== index) throw invalidOrder(`"${type}" is named twice`);
  }
  const named = order.map((type) => canonical.find(({ policy }) => policy.type === type)!);
  const places = canonical.flatMap((link, place) => (named.includes(link) ? [place] : []));
  const reordered = [...canonical];
  for (const [index, place] of places.entries()) reordered[place] = named[index]!;
  return reordered;
}

function invalidOrder(problem: string): ReliabilityError {
  return new ReliabilityError(`order: ${problem}`, { code: 'INVALID_OPTIONS', policyType: 'chain', policy: '' });
}
