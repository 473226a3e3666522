import { useComputed } from '@preact/signals';
import { Alerts } from './alerts.js';
import { count, plural } from './format.js';
import { scoreTone } from './labels.js';
import { PolicyList } from './policy-list.js';
import { score } from './store.js';
import { ordered, type Summary } from './summary.js';

export function Overview() {
  return (
    <>
      <Verdict />
      <Alerts />
      <PolicyList />
    </>
  );
}

/** One glance: the score, what is wrong, and how much of it there is. */
function Verdict() {
  const points = score.value?.score ?? 100;
  const all = ordered.value;
  const down = all.filter(({ band }) => band === 'down');
  const held = all.filter(({ band }) => band === 'held');
  const impaired = all.filter(({ band }) => band === 'impaired');
  return (
    <section class="verdict card" aria-labelledby="verdict">
      <Dial points={points} />
      <div class="verdict-text">
        <h1 id="verdict" aria-live="polite">
          {headline(down, held, impaired)}
        </h1>
        <p class="quiet">{explanation(all, down, held, impaired)}</p>
      </div>
      <Tiles />
    </section>
  );
}

function Dial({ points }: { readonly points: number }) {
  const around = 2 * Math.PI * 42;
  return (
    <div class={`dial ${scoreTone(points)}`} role="img" aria-label={`Health score ${points} of 100`}>
      <svg viewBox="0 0 100 100" aria-hidden="true" focusable="false">
        <circle cx="50" cy="50" r="42" class="rail" />
        <circle
          cx="50"
          cy="50"
          r="42"
          class="arc"
          stroke-dasharray={`${(points / 100) * around} ${around}`}
          transform="rotate(-90 50 50)"
        />
      </svg>
      <div aria-hidden="true">
        <strong>{points}</strong>
        <span>of 100</span>
      </div>
    </div>
  );
}

function headline(down: readonly Summary[], held: readonly Summary[], impaired: readonly Summary[]): string {
  if (down.length > 0) return `${namesOf(down)} ${down.length === 1 ? 'is' : 'are'} down`;
  if (impaired.length > 0) return `${namesOf(impaired)} ${impaired.length === 1 ? 'is' : 'are'} impaired`;
  if (held.length > 0) return `${namesOf(held)} ${held.length === 1 ? 'is' : 'are'} held by hand`;
  return 'All is well';
}

function namesOf(summaries: readonly Summary[]): string {
  const names = summaries.map(({ name }) => name);
  if (names.length <= 3) return new Intl.ListFormat('en').format(names);
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

function explanation(
  all: readonly Summary[],
  down: readonly Summary[],
  held: readonly Summary[],
  impaired: readonly Summary[],
): string {
  if (all.length === 0) return 'No policy has been used yet. Each appears here with its first call.';
  const worst = [...down, ...impaired, ...held][0];
  const counts = [
    down.length > 0 && `${down.length} down`,
    impaired.length > 0 && `${impaired.length} impaired`,
    held.length > 0 && `${held.length} held by hand`,
  ].filter(Boolean);
  if (worst === undefined) return `${plural(all.length, 'dependency', 'dependencies')}, none impaired.`;
  const why = worst.reasons[0];
  return `${counts.join(', ')} of ${plural(all.length, 'dependency', 'dependencies')}.${why === undefined ? '' : ` ${worst.name}: ${why}.`}`;
}

function Tiles() {
  const figures = useComputed(() => {
    const all = ordered.value;
    const open = all.filter(({ circuit }) => circuit === 'open' || circuit === 'forced-open').length;
    const total = (of: (summary: Summary) => number) => all.reduce((sum, summary) => sum + of(summary), 0);
    const out = total(({ endpoints }) => (endpoints === undefined ? 0 : endpoints.all - endpoints.inService));
    const keys = total(({ keysNotClosed }) => keysNotClosed);
    return [
      ['Open circuits', open + keys, 'bad'],
      ['Endpoints out', out, 'warn'],
      ['Calls waiting', total(({ waiting }) => waiting), 'info'],
      ['Retries pending', total(({ retrying }) => retrying), 'info'],
      ['Zombie calls', total(({ zombies }) => zombies), 'warn'],
    ] as const;
  });
  return (
    <dl class="tiles">
      {figures.value.map(([label, figure, tone]) => (
        <div key={label} class={figure > 0 ? `tile ${tone}` : 'tile'}>
          <dt>{label}</dt>
          <dd>{count(figure)}</dd>
        </div>
      ))}
    </dl>
  );
}
