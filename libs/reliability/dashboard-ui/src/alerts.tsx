import { timeOfDay } from './format.js';
import { BellIcon } from './icons.js';
import { addressOf } from './route.js';
import { alerts, catalog } from './store.js';

const TONES: Readonly<Record<string, string>> = { critical: 'bad', page: 'bad', warning: 'warn', ticket: 'warn' };

/** Alerts that are on; nothing where there are none. */
export function Alerts() {
  const active = alerts.value;
  if (active.length === 0) return null;
  return (
    <section class="card alerts" aria-labelledby="alerts">
      <h2 id="alerts">
        <BellIcon /> Alerts <span class="count">{active.length}</span>
      </h2>
      <ul aria-live="polite">
        {active.map((alert) => (
          <li key={alert.id} class={TONES[alert.severity] ?? 'info'}>
            <span class="severity">{alert.severity}</span>
            <span class="what">
              <strong>{alert.name}</strong> {alert.summary}
              {alert.policy !== undefined && catalog.value.has(alert.policy) && (
                <>
                  {' '}
                  <a href={addressOf(alert.policy)}>{alert.policy}</a>
                </>
              )}
            </span>
            <span class="quiet nums">
              {alert.state}
              {alert.since !== undefined && ` since ${timeOfDay(new Date(alert.since))}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
