import type { PolicyPart } from '../../src/dashboard/wire.js';
import { Facts } from './facts.js';
import { count, duration } from './format.js';
import { fields, num, sum, text } from './read.js';

export function RetrySection({ retry, hedge }: { readonly retry?: PolicyPart; readonly hedge?: PolicyPart }) {
  return (
    <section class="card" aria-labelledby="retry">
      <h2 id="retry">{retry === undefined ? 'Hedging' : hedge === undefined ? 'Retries' : 'Retries and hedging'}</h2>
      {retry !== undefined && <Retries of={retry} />}
      {hedge !== undefined && <Hedges of={hedge} />}
    </section>
  );
}

function Retries({ of }: { readonly of: PolicyPart }) {
  const byClass = Object.entries(fields(of['byClass']));
  const stopped = Object.entries(fields(of['stopped']));
  return (
    <>
      <Budget of={fields(of['budget'])} />
      <Facts
        of={[
          ['Operations', count(num(of['calls']))],
          ['Failed at first', count(num(of['failedFirst']))],
          ['Retries', count(num(of['retries']))],
          ['Recovered', count(num(of['recovered'])), num(of['recovered']) > 0 ? 'good' : undefined],
          ['Given up', count(sum(of['stopped'])), sum(of['stopped']) > 0 ? 'bad' : undefined],
          ['Waiting to retry', count(num(of['sleeping']))],
        ]}
      />
      {byClass.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Retries by class of failure">
          <table>
            <thead>
              <tr>
                <th scope="col">Failure</th>
                <th scope="col">Count</th>
                <th scope="col">Retries</th>
                <th scope="col">Recovered</th>
                <th scope="col">Exhausted</th>
              </tr>
            </thead>
            <tbody>
              {byClass.map(([name, totals]) => {
                const own = fields(totals);
                return (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    <td>{count(num(own['failures']))}</td>
                    <td>{count(num(own['retries']))}</td>
                    <td>{count(num(own['recovered']))}</td>
                    <td>{count(num(own['exhausted']))}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {stopped.length > 0 && (
        <p class="quiet small">
          Given up because of{' '}
          {stopped.map(([why, calls]) => `${why.replaceAll('-', ' ')} (${count(num(calls))})`).join(', ')}
        </p>
      )}
    </>
  );
}

function Budget({ of }: { readonly of: ReturnType<typeof fields> }) {
  const { available } = of;
  const form = text(of['form']);
  const shown =
    available === null || form === 'unlimited'
      ? 'no limit'
      : `${count(Math.max(0, Math.floor(num(available))))} left now`;
  const spent = typeof available === 'number' && available < 1;
  return (
    <p class={spent ? 'note warn' : 'budget'}>
      <span>Budget for extra attempts</span> <strong class="nums">{spent ? 'spent' : shown}</strong>{' '}
      <span class="quiet nums">
        {count(num(of['granted']))} granted, {count(num(of['refused']))} refused
      </span>
    </p>
  );
}

function Hedges({ of }: { readonly of: PolicyPart }) {
  return (
    <>
      <h3>Hedging</h3>
      <Facts
        of={[
          ['After', of['delayMs'] === null ? 'not known yet' : duration(num(of['delayMs']))],
          ['Calls', count(num(of['calls']))],
          ['Sent', count(num(of['sent']))],
          ['Won', count(num(of['won']))],
          ['Suppressed', count(sum(of['suppressed']))],
        ]}
      />
    </>
  );
}
