import type { PolicyPart } from '../../src/dashboard/wire.js';
import { Meter } from './badge.js';
import { Facts } from './facts.js';
import { count, duration, percent } from './format.js';
import { fields, list, num, sum, text } from './read.js';
import { clock } from './store.js';
import { limitUsed } from './summary.js';

export function LimiterSection({ of }: { readonly of: PolicyPart }) {
  const used = limitUsed(of);
  const waiting = Object.entries(fields(of['waiting']));
  const most = Math.max(1, ...waiting.map(([, calls]) => num(calls)));
  const refused = Object.entries(fields(of['refused'])).filter(([, calls]) => num(calls) > 0);
  const pausedUntil = num(of['pausedUntil']);
  const pausedFor = pausedUntil - clock.value.server;
  return (
    <section class="card" aria-labelledby="limiter">
      <div class="section-head">
        <h2 id="limiter">Rate limiter</h2>
        <span class="quiet">{text(of['mode']) === 'wait' ? 'calls wait' : 'calls are refused'}</span>
      </div>
      {pausedUntil > 0 && pausedFor > 0 && (
        <p class="note warn">Paused for another {duration(pausedFor)}: the other side asked for it.</p>
      )}
      {used !== undefined && (
        <div class="use">
          <Meter share={used} tone={used > 0.9 ? 'warn' : 'info'} label={`${percent(used)} of the limit used`} />
          <span class="nums">{percent(used)} used</span>
        </div>
      )}
      <ul class="plain">
        {list(of['windows']).map((window, index) => (
          <li key={index} class="nums">
            {count(num(window['currentLimit']))} per {duration(num(window['windowMs']))}
            <span class="quiet">
              {' '}
              {text(window['algorithm']).replaceAll('-', ' ')}
              {num(window['currentLimit']) !== num(window['limit']) && `, configured ${count(num(window['limit']))}`}
            </span>
          </li>
        ))}
      </ul>
      <h3>Queue by priority</h3>
      <ul class="bars">
        {waiting.map(([priority, calls]) => (
          <li key={priority}>
            <span>{priority}</span>
            <Meter share={num(calls) / most} tone={num(calls) > 0 ? 'warn' : 'idle'} label={`${num(calls)} wait`} />
            <span class="nums right">{count(num(calls))}</span>
          </li>
        ))}
      </ul>
      <Facts
        of={[
          ['Left now', count(Math.floor(num(of['remaining'])))],
          ['Admitted', count(num(of['admitted']))],
          [
            'Waited',
            `${count(num(of['waits']))}${num(of['waits']) > 0 ? `, ${duration(num(of['waitedMs']) / num(of['waits']))} each` : ''}`,
          ],
          ['Refused', count(sum(of['refused'])), refused.length > 0 ? 'bad' : undefined],
          ['Adapted to', percent(num(of['factor'] ?? 1))],
        ]}
      />
      {refused.length > 0 && (
        <p class="quiet small">
          Refused: {refused.map(([reason, calls]) => `${reason.replaceAll('-', ' ')} ${count(num(calls))}`).join(', ')}
        </p>
      )}
    </section>
  );
}
