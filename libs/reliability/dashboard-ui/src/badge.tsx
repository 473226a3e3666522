import type { Tone } from './labels.js';
import { StatusIcon } from './icons.js';

const SHAPE: Readonly<Record<Tone, string>> = {
  good: 'well',
  warn: 'impaired',
  bad: 'down',
  info: 'well',
  held: 'held',
  idle: 'held',
};

/** A state in words, with its shape and colour. */
export const Badge = ({ tone, label }: { readonly tone: Tone; readonly label: string }) => (
  <span class={`badge ${tone}`}>
    <StatusIcon of={SHAPE[tone]} />
    {label}
  </span>
);

/** A bar from nothing to all. `label` says what it shows to those who do not see it. */
export function Meter({ share, tone, label }: { readonly share: number; readonly tone: Tone; readonly label: string }) {
  return (
    <span class={`meter ${tone}`} role="img" aria-label={label}>
      <span style={{ transform: `scaleX(${Math.max(0, Math.min(1, share))})` }} />
    </span>
  );
}
