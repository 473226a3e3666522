import type { PolicyPart } from '../../src/dashboard/wire.js';
import { Meter } from './badge.js';
import { Facts } from './facts.js';
import { count, duration } from './format.js';
import { num, sum, text } from './read.js';
import { zombiesOf } from './summary.js';

/** Work under way: places, limits, and what was given up and still runs. */
export function WorkSection({ policies }: { readonly policies: ReadonlyMap<string, PolicyPart> }) {
  const bulkhead = policies.get('bulkhead');
  const zombies = zombiesOf(policies);
  const limits = ['time-limit', 'deadline'].filter((type) => policies.has(type));
  return (
    <section class="card" aria-labelledby="work">
      <h2 id="work">Work under way</h2>
      <p class={zombies > 0 ? 'note warn' : 'budget'}>
        <span>Zombie calls</span> <strong class="nums">{count(zombies)}</strong>{' '}
        <span class="quiet">given up by the caller, still running</span>
      </p>
      {bulkhead !== undefined && <Bulkhead of={bulkhead} />}
      {limits.map((type) => {
        const of = policies.get(type)!;
        const limitMs = num(of['limitMs']);
        return (
          <div key={type}>
            <h3>
              {type === 'deadline' ? 'Deadline of the whole call' : 'Time limit of an attempt'}{' '}
              <span class="quiet nums">{limitMs > 0 ? duration(limitMs) : 'none'}</span>
            </h3>
            <Facts
              of={[
                ['Exceeded', count(num(of['exceeded'])), num(of['exceeded']) > 0 ? 'warn' : undefined],
                ['Still running', count(num(of['running'])), num(of['running']) > 0 ? 'warn' : undefined],
                ['Late results', count(num(of['lateResults']))],
                ['Late errors', count(num(of['lateErrors']))],
                ['Cancelled', count(num(of['cancelled']))],
              ]}
            />
          </div>
        );
      })}
    </section>
  );
}

function Bulkhead({ of }: { readonly of: PolicyPart }) {
  const limit = num(of['limit']);
  const used = num(of['used']);
  return (
    <>
      <h3>Bulkhead</h3>
      <div class="use">
        <Meter
          share={limit > 0 ? used / limit : 0}
          tone={used >= limit ? 'warn' : 'info'}
          label={`${used} of ${limit} places taken`}
        />
        <span class="nums">
          {count(used)} of {count(limit)} places
        </span>
      </div>
      <Facts
        of={[
          ['In flight', count(num(of['inFlight']))],
          ['Queued', count(num(of['queued'])), num(of['queued']) > 0 ? 'warn' : undefined],
          ['Abandoned', count(num(of['abandoned'])), num(of['abandoned']) > 0 ? 'warn' : undefined],
          ['Refused', count(sum(of['refused'])), sum(of['refused']) > 0 ? 'bad' : undefined],
          [
            'Shedding load',
            of['shedding'] ? `below ${text(of['shedding'])}` : 'no',
            of['shedding'] ? 'bad' : undefined,
          ],
        ]}
      />
    </>
  );
}
