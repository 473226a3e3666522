import type { PolicyPart } from '../../src/dashboard/wire.js';
import { Facts, type Fact } from './facts.js';
import { count, words } from './format.js';

/** A kind of policy that has no section of its own: its figures under their names. */
export function OtherSection({ of }: { readonly of: PolicyPart }) {
  const facts = Object.entries(of).flatMap(([field, value]): Fact[] => {
    if (field === 'type' || field === 'name') return [];
    return factsOf(words(field), value);
  });
  const id = `section-${of.type}`;
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{sentenceCase(words(of.type))}</h2>
      <Facts of={facts.slice(0, 40)} />
    </section>
  );
}

function factsOf(label: string, value: unknown): Fact[] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'number') return [[sentenceCase(label), count(value)]];
  if (typeof value === 'boolean') return [[sentenceCase(label), value ? 'yes' : 'no']];
  if (typeof value === 'string') return [[sentenceCase(label), value]];
  if (Array.isArray(value))
    return value.every((element) => typeof element === 'string') ? [[sentenceCase(label), value.join(', ')]] : [];
  return Object.entries(value).flatMap(([field, inner]) => factsOf(`${label}: ${words(field)}`, inner));
}

const sentenceCase = (label: string) => label.charAt(0).toUpperCase() + label.slice(1);
