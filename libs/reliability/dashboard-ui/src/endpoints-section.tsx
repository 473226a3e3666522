import type { PolicyPart } from '../../src/dashboard/wire.js';
import { proposal } from './actions.js';
import { Badge } from './badge.js';
import { count, duration, percent } from './format.js';
import { SERVICE_TONES } from './labels.js';
import { type Fields, list, num, sum, text } from './read.js';
import { app, clock } from './store.js';
import { editingWeight } from './weight-dialog.js';

export function EndpointsSection({ name, of }: { readonly name: string; readonly of: PolicyPart }) {
  const suspended = idsOf(of['suspended']);
  const endpoints = withDrained(list(of['endpoints']), suspended);
  const mayAct = app.value?.mayAct === true;
  return (
    <section class="card wide" aria-labelledby="endpoints">
      <div class="section-head">
        <h2 id="endpoints">Endpoints</h2>
        <span class="quiet">{text(of['strategy']).replaceAll('-', ' ')}</span>
        {of['panic'] === true && <Badge tone="bad" label="Health disregarded" />}
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of endpoints">
        <table class="endpoints">
          <thead>
            <tr>
              <th scope="col">Endpoint</th>
              <th scope="col">Service</th>
              <th scope="col">Latency</th>
              <th scope="col">Failing</th>
              <th scope="col">In flight</th>
              <th scope="col">Weight</th>
              <th scope="col">Picks</th>
              <th scope="col">Ejections</th>
              {mayAct && (
                <th scope="col">
                  <span class="sr">Actions</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {endpoints.map((endpoint) => (
              <Endpoint
                key={text(endpoint['id'])}
                policy={name}
                of={endpoint}
                drained={suspended.includes(text(endpoint['id']))}
                mayAct={mayAct}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface EndpointProps {
  readonly policy: string;
  readonly of: Fields;
  readonly drained: boolean;
  readonly mayAct: boolean;
}

function Endpoint({ policy, of, drained, mayAct }: EndpointProps) {
  const id = text(of['id']);
  const service = text(of['service']);
  const weight = num(of['weight']);
  const current = num(of['currentWeight']);
  const returnsIn = num(of['returnsAt']) - clock.value.server;
  return (
    <tr>
      <th scope="row">{id}</th>
      <td>
        <Badge tone={SERVICE_TONES[service] ?? 'idle'} label={service.replaceAll('-', ' ')} />
        {service !== 'in-service' && (
          <span class="quiet small block">
            {text(of['cause']).replaceAll('-', ' ')}
            {num(of['returnsAt']) > 0 && returnsIn > 0 && ` back in ${duration(returnsIn)}`}
          </span>
        )}
      </td>
      <td>{num(of['latencyMs']) > 0 ? duration(num(of['latencyMs'])) : '–'}</td>
      <td class={num(of['errorRate']) > 0.005 ? 'text bad' : ''}>{percent(num(of['errorRate']))}</td>
      <td>{count(num(of['inFlight']))}</td>
      <td>
        {weight}
        {Math.abs(current - weight) > weight / 100 && <span class="quiet small block">now {current.toFixed(2)}</span>}
      </td>
      <td>{count(num(of['picks']))}</td>
      <td>{count(sum(of['ejections']))}</td>
      {mayAct && (
        <td class="row-actions">
          <button
            onClick={() => (editingWeight.value = { policy, endpoint: id, weight })}
            aria-label={`Weight of ${id}`}
          >
            Weight
          </button>
          {drained ? (
            <button onClick={() => restore(policy, id)} aria-label={`Restore ${id}`}>
              Restore
            </button>
          ) : (
            <button onClick={() => drain(policy, id)} aria-label={`Drain ${id}`}>
              Drain
            </button>
          )}
        </td>
      )}
    </tr>
  );
}

const idsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((id): id is string => typeof id === 'string') : [];

/** What was drained to its end is no endpoint any more, but can be restored. */
function withDrained(endpoints: readonly Fields[], suspended: readonly string[]): readonly Fields[] {
  const gone = suspended.filter((drained) => !endpoints.some(({ id }) => id === drained));
  return [...endpoints, ...gone.map((id) => ({ id, service: 'drained' }))];
}

function drain(policy: string, endpoint: string): void {
  proposal.value = {
    title: `Drain ${endpoint}?`,
    consequence: 'It gets no new calls until it is restored; those under way go on.',
    confirm: 'Drain',
    dangerous: true,
    action: { kind: 'drain', policy, endpoint },
  };
}

function restore(policy: string, endpoint: string): void {
  proposal.value = {
    title: `Restore ${endpoint}?`,
    consequence: 'It takes new calls again.',
    confirm: 'Restore',
    dangerous: false,
    action: { kind: 'restore', policy, endpoint },
  };
}
