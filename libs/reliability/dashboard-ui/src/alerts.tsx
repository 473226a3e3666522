import { useSignal } from '@preact/signals';
import type { AlertPart } from '../../src/dashboard/wire.js';
import { plural, timeOfDay } from './format.js';
import { BellIcon } from './icons.js';
import { addressOf } from './route.js';
import { alerts, catalog } from './store.js';

const TONES: Readonly<Record<string, string>> = { critical: 'bad', warning: 'warn', info: 'info' };
/** Shown before somebody asks for all. */
const FIRST = 4;

/** Alerts that fire, and how many are about to; nothing where there are none. */
export function Alerts() {
  const all = useSignal(false);
  const firing = alerts.value.filter(({ state }) => state === 'firing');
  const pending = alerts.value.filter(({ state }) => state === 'pending');
  if (firing.length + pending.length === 0) return null;
  return (
    <section class="card alerts" aria-labelledby="alerts">
      <h2 id="alerts">
        <BellIcon /> Alerts{' '}
        <span class="count" aria-live="polite">
          {firing.length} firing{pending.length > 0 && `, ${pending.length} pending`}
        </span>
      </h2>
      {firing.length > 0 && <List of={all.value ? firing : firing.slice(0, FIRST)} />}
      {firing.length > FIRST && (
        <button class="more" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? 'Show fewer' : `Show ${plural(firing.length - FIRST, 'more alert')}`}
        </button>
      )}
      {pending.length > 0 && (
        <details>
          <summary>{pending.length} pending: true, but not for long enough to fire</summary>
          <List of={pending} />
        </details>
      )}
    </section>
  );
}

const List = ({ of }: { readonly of: readonly AlertPart[] }) => (
  <ul>
    {of.map((alert) => (
      <li key={alert.id} class={TONES[alert.severity] ?? 'info'}>
        <span class="severity">{alert.severity}</span>
        <span class="what">
          {alert.policy !== undefined &&
            (catalog.value.has(alert.policy) ? (
              <a href={addressOf(alert.policy)}>{alert.policy}</a>
            ) : (
              <strong>{alert.policy}</strong>
            ))}{' '}
          {alert.summary} <span class="quiet small">{alert.name}</span>
          {alert.acknowledgedBy !== undefined && <span class="quiet small"> · taken by {alert.acknowledgedBy}</span>}
          {alert.silencedBy !== undefined && <span class="quiet small"> · silenced</span>}
        </span>
        <span class="quiet nums">since {timeOfDay(new Date(alert.since))}</span>
      </li>
    ))}
  </ul>
);
