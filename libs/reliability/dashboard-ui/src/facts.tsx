import type { ComponentChildren } from 'preact';

export type Fact = readonly [label: string, value: ComponentChildren, tone?: string];

/** Figures with their names. */
export const Facts = ({ of }: { readonly of: readonly Fact[] }) => (
  <dl class="facts">
    {of.map(([label, value, tone]) => (
      <div key={label}>
        <dt>{label}</dt>
        <dd class={tone === undefined ? 'nums' : `nums text ${tone}`}>{value}</dd>
      </div>
    ))}
  </dl>
);
