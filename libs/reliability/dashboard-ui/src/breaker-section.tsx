import type { PolicyPart } from '../../src/dashboard/wire.js';
import { proposal } from './actions.js';
import { Badge } from './badge.js';
import { Facts } from './facts.js';
import { count, duration, percent } from './format.js';
import { CIRCUIT_LABELS, CIRCUIT_TONES } from './labels.js';
import { type Fields, fields, num, text } from './read.js';
import { app, clock } from './store.js';
import { TimelineBand } from './timeline.js';

export function BreakerSection({ name, of }: { readonly name: string; readonly of: PolicyPart }) {
  const state = text(of['state']);
  const window = fields(of['window']);
  const counters = fields(of['counters']);
  const calls = num(window['calls']);
  const share = (part: unknown) => (calls === 0 ? '–' : percent(num(part) / calls));
  return (
    <section class="card wide" aria-labelledby="breaker">
      <div class="section-head">
        <h2 id="breaker">Circuit breaker</h2>
        <Badge tone={CIRCUIT_TONES[state] ?? 'idle'} label={CIRCUIT_LABELS[state] ?? state} />
        <span class="quiet" aria-live="polite">
          {sentence(of)}
        </span>
        <span class="spacer" />
        {app.value?.mayAct === true && <BreakerActions name={name} state={state} mode={text(of['mode'])} />}
      </div>
      <TimelineBand name={name} />
      <Facts
        of={[
          ['Calls in window', count(calls)],
          ['Failing', share(window['failures']), num(window['failures']) > 0 ? 'bad' : undefined],
          ['Slow', share(window['slow']), num(window['slow']) > 0 ? 'warn' : undefined],
          ['Failures in a row', count(num(of['consecutiveFailures']))],
          ['Times opened', count(num(counters['openings']))],
          ['Recovered', count(num(counters['recoveries']))],
          ['Refused', count(num(counters['refused']))],
        ]}
      />
      <OpenedBy of={of} />
      <Keys of={fields(of['keys'])} />
    </section>
  );
}

function sentence(of: PolicyPart): string {
  const now = clock.value.server;
  const since = of['since'];
  const retryAt = of['retryAt'];
  const mode = text(of['mode']);
  const lasts = typeof since === 'number' ? `for ${duration(now - since)}` : '';
  const watched = mode === 'metrics-only' ? ', only counting' : '';
  switch (of['state']) {
    case 'open':
      return `${lasts}, probes ${typeof retryAt === 'number' && retryAt > now ? `in ${duration(retryAt - now)}` : 'with the next call'}${watched}`;
    case 'half-open':
      return `${lasts}, ${num(fields(of['probes'])['reported'])} probes reported, ${num(fields(of['probes'])['pending'])} under way`;
    case 'ramping':
      return `${lasts}, lets ${percent(num(of['admittedShare']))} of calls pass`;
    default:
      return `${lasts}${watched}`;
  }
}

function OpenedBy({ of }: { readonly of: PolicyPart }) {
  const opened = fields(of['openedBy']);
  if (of['openedBy'] === null || of['openedBy'] === undefined) return null;
  return (
    <p class="note">
      Opened by <strong>{text(opened['reason']).replaceAll('-', ' ')}</strong>
      {text(opened['error']) !== '' && (
        <>
          : <code>{text(opened['error'])}</code>
        </>
      )}
    </p>
  );
}

function Keys({ of }: { readonly of: Fields }) {
  const shown = Object.entries(fields(of['shown']));
  if (shown.length === 0) return null;
  return (
    <details class="keys" open>
      <summary>
        {num(of['notClosed'])} of {num(of['held'])} keys not closed
      </summary>
      <ul>
        {shown.map(([key, circuit]) => {
          const state = text(fields(circuit)['state']);
          return (
            <li key={key}>
              <code>{key}</code> <Badge tone={CIRCUIT_TONES[state] ?? 'idle'} label={CIRCUIT_LABELS[state] ?? state} />
            </li>
          );
        })}
      </ul>
    </details>
  );
}

function BreakerActions({
  name,
  state,
  mode,
}: {
  readonly name: string;
  readonly state: string;
  readonly mode: string;
}) {
  const propose = (
    to: 'open' | 'disabled' | 'metrics-only' | 'automatic',
    title: string,
    consequence: string,
    confirm: string,
    dangerous: boolean,
  ): void => {
    proposal.value = { title, consequence, confirm, dangerous, action: { kind: 'force', policy: name, state: to } };
  };
  const byHand = state === 'forced-open' || state === 'disabled' || mode === 'metrics-only';
  return (
    <div class="actions" role="group" aria-label="Circuit breaker">
      {state !== 'forced-open' && (
        <button
          class="danger"
          onClick={() =>
            propose(
              'open',
              `Force the circuit of ${name} open?`,
              'Every call is refused at once, until somebody gives it back.',
              'Force open',
              true,
            )
          }
        >
          Force open
        </button>
      )}
      {state !== 'forced-open' && (
        <button class="danger" onClick={() => isolate(name)}>
          Isolate
        </button>
      )}
      {state !== 'disabled' && (
        <button
          onClick={() =>
            propose(
              'disabled',
              `Switch the circuit breaker of ${name} off?`,
              'Every call passes and none is watched, until somebody gives it back.',
              'Disable',
              true,
            )
          }
        >
          Disable
        </button>
      )}
      {(byHand || state !== 'closed') && (
        <button
          class={byHand ? 'primary' : ''}
          onClick={() =>
            propose(
              'automatic',
              `Give the circuit of ${name} back to its rules?`,
              'It closes with nothing recorded, and opens again by its own rules.',
              byHand ? 'Back to automatic' : 'Close now',
              false,
            )
          }
        >
          {byHand ? 'Back to automatic' : 'Close now'}
        </button>
      )}
    </div>
  );
}

function isolate(name: string): void {
  const force = { kind: 'force', policy: name, state: 'open' } as const;
  proposal.value = {
    title: `Isolate ${name} for a while?`,
    consequence:
      'Every call is refused for that time; then the circuit probes and recovers by itself, as after a failure.',
    confirm: 'Isolate',
    dangerous: true,
    action: force,
    minutes: { preset: 5, with: (minutes) => ({ ...force, forMs: minutes * 60_000 }) },
  };
}
