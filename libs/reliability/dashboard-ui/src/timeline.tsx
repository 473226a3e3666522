import { computed, useComputed } from '@preact/signals';
import { stretches } from './bands.js';
import { duration, timeOfDay } from './format.js';
import { CIRCUIT_LABELS, CIRCUIT_TONES } from './labels.js';
import { text } from './read.js';
import { app, clock, log, policy, wallOf } from './store.js';

const MINUTE_MS = 60_000;
/** Shown at most. */
const SPAN_MS = 10 * MINUTE_MS;
/** A strip moves in steps: one pixel or so. */
const STEP_MS = 3_000;

const end = computed(() => Math.ceil(clock.value.server / STEP_MS) * STEP_MS);

/** What the time axes show: all that is kept, two minutes at least and ten at most. */
export const axis = computed(() => {
  const to = end.value;
  const kept = to - (app.value?.since ?? to);
  return { from: to - Math.min(SPAN_MS, Math.max(2 * MINUTE_MS, Math.ceil(kept / MINUTE_MS) * MINUTE_MS)), to };
});

/** The states of a circuit over the last minutes, as a strip. */
export function Strip({ name, tall = false }: { readonly name: string; readonly tall?: boolean }) {
  const shown = useComputed(() => {
    const { from, to } = axis.value;
    const since = Math.max(from, app.value?.since ?? from);
    const state = text(policy('circuit-breaker', name).value?.['state']);
    return stretches(log(name).value, state, since, to);
  });
  const { from, to } = axis.value;
  const inAll = to - from;
  const changes = shown.value.length - 1;
  return (
    <svg
      class={tall ? 'strip tall' : 'strip'}
      viewBox="0 0 1000 10"
      preserveAspectRatio="none"
      role="img"
      aria-label={`${changes === 0 ? 'No change' : changes === 1 ? 'One change' : `${changes} changes`} in the last ${duration(inAll)}`}
    >
      {shown.value.map((stretch) => (
        <rect
          key={stretch.from}
          class={CIRCUIT_TONES[stretch.state] ?? 'idle'}
          x={((stretch.from - from) / inAll) * 1_000}
          // A short opening is to be seen all the same.
          width={Math.max(3, ((stretch.to - stretch.from) / inAll) * 1_000)}
          y="0"
          height="10"
        />
      ))}
    </svg>
  );
}

/** The strip with its axis, for the page of one name. */
export function TimelineBand({ name }: { readonly name: string }) {
  const { from, to } = axis.value;
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) => from + share * (to - from));
  return (
    <figure class="band">
      <Strip name={name} tall />
      <div class="axis" aria-hidden="true">
        {marks.map((at, index) => (
          <span key={index}>{timeOfDay(wallOf(at))}</span>
        ))}
      </div>
      <figcaption>
        {Object.entries(CIRCUIT_LABELS).map(([state, label]) => (
          <span key={state} class="legend">
            <i class={CIRCUIT_TONES[state]} />
            {label}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** The transitions in words, the latest first. */
export function Transitions({ name }: { readonly name: string }) {
  const entries = log(name).value.toReversed().slice(0, 30);
  if (entries.length === 0) return <p class="quiet">Nothing has changed since this page’s server began to look.</p>;
  return (
    <ol class="transitions">
      {entries.map((entry, index) => (
        <li key={`${entry.at} ${index}`}>
          <time dateTime={wallOf(entry.at).toISOString()}>{timeOfDay(wallOf(entry.at))}</time>
          <span>
            {entry.kind === 'circuit' ? (
              <>
                {entry.key !== undefined && <code>{entry.key}</code>} {CIRCUIT_LABELS[entry.from ?? '']} →{' '}
                <strong class={`text ${CIRCUIT_TONES[entry.to ?? ''] ?? 'idle'}`}>
                  {CIRCUIT_LABELS[entry.to ?? '']}
                </strong>{' '}
                <span class="quiet">{entry.text.replaceAll('-', ' ')}</span>
              </>
            ) : (
              entry.text
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
