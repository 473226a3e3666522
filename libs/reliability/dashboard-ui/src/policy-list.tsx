import { computed, signal, useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Badge, Meter } from './badge.js';
import { count, percent, perSecond, plural } from './format.js';
import { SearchIcon } from './icons.js';
import { BAND_LABELS, BAND_TONES, CIRCUIT_LABELS, CIRCUIT_TONES, scoreTone } from './labels.js';
import { addressOf } from './route.js';
import { catalog, tick, traffic } from './store.js';
import { type Band, BANDS, keepingEqual, ordered, sameElements, summary } from './summary.js';
import { Strip } from './timeline.js';

const search = signal('');
const only = signal<Band | 'all'>('all');

const counts = computed(() => {
  const found: Record<Band | 'all', number> = { all: 0, down: 0, held: 0, impaired: 0, well: 0 };
  for (const { band } of ordered.value) {
    found.all += 1;
    found[band] += 1;
  }
  return found;
});

const keptNames = keepingEqual<readonly string[]>(sameElements);

const shownNames = computed(() => {
  const wanted = search.value.trim().toLowerCase();
  return keptNames(
    ordered.value
      .filter(({ band }) => only.value === 'all' || band === only.value)
      .map(({ name }) => name)
      .filter((name) => wanted === '' || name.toLowerCase().includes(wanted)),
  );
});

export function PolicyList() {
  const names = shownNames.value;
  return (
    <section aria-labelledby="policies">
      <div class="toolbar">
        <h2 id="policies">Dependencies</h2>
        <Filters />
        <Search />
      </div>
      <p class="sr" role="status">
        {plural(names.length, 'dependency', 'dependencies')} shown
      </p>
      {names.length === 0 ? (
        <p class="card empty">{catalog.value.size === 0 ? 'No policy has been used yet.' : 'Nothing matches.'}</p>
      ) : (
        <div class="list">
          <div class="row head" aria-hidden="true">
            <span>Name</span>
            <span>Circuit</span>
            <span>Last minutes</span>
            <span class="right">Calls/s</span>
            <span class="right">Failing</span>
            <span>Limit used</span>
            <span class="right">Waiting</span>
            <span class="right">Hosts</span>
            <span class="right">Score</span>
          </div>
          <ul>
            {names.map((name) => (
              <Row key={name} name={name} />
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

function Filters() {
  const bands = BANDS.filter((band) => counts.value[band] > 0 || only.value === band);
  return (
    <div class="filters" role="group" aria-label="Show">
      {(['all', ...bands] as const).map((band) => (
        <button key={band} aria-pressed={only.value === band} onClick={() => (only.value = band)}>
          {band === 'all' ? 'All' : BAND_LABELS[band]} <span class="count">{counts.value[band]}</span>
        </button>
      ))}
    </div>
  );
}

function Search() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target } = event;
      const typing = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <label class="search">
      <span class="sr">Search by name</span>
      <SearchIcon />
      <input
        ref={input}
        type="search"
        placeholder="Search"
        value={search.value}
        onInput={({ currentTarget }) => (search.value = currentTarget.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}

function Row({ name }: { readonly name: string }) {
  const own = summary(name).value;
  const { circuit, failing, limitUsed, endpoints, waiting, zombies } = own;
  return (
    <li class={`row ${own.band}`}>
      <a class="name" href={addressOf(name)} aria-label={`${name}, ${BAND_LABELS[own.band]}`}>
        <span class={`text ${BAND_TONES[own.band]} dot`} aria-hidden="true" />
        <span class="label" title={name}>
          {name}
        </span>
      </a>
      <span class="circuit">
        {circuit !== undefined && circuit !== '' && (
          <Badge tone={CIRCUIT_TONES[circuit] ?? 'idle'} label={CIRCUIT_LABELS[circuit] ?? circuit} />
        )}
        {own.keysNotClosed > 0 && <span class="text bad small">{plural(own.keysNotClosed, 'key')} not closed</span>}
      </span>
      <span class="when">{circuit !== undefined && <Strip name={name} />}</span>
      <Rate name={name} />
      <span class="right nums fail" data-label="Failing">
        {failing === undefined ? (
          <span class="quiet">–</span>
        ) : (
          <span class={failing > 0 ? 'text bad' : 'quiet'}>{percent(failing)}</span>
        )}
      </span>
      <span class="limit" data-label="Limit used">
        {limitUsed === undefined ? (
          <span class="quiet">–</span>
        ) : (
          <>
            <Meter
              share={limitUsed}
              tone={limitUsed > 0.9 ? 'warn' : 'info'}
              label={`${percent(limitUsed)} of the limit used`}
            />
            <span class="nums small">{percent(limitUsed)}</span>
          </>
        )}
      </span>
      <span class="right nums wait" data-label="Waiting">
        {waiting === 0 ? <span class="quiet">0</span> : count(waiting)}
        {zombies > 0 && (
          <span class="text warn small" title="Given up, still running">
            {' '}
            +{count(zombies)} zombie
          </span>
        )}
      </span>
      <span class="right nums hosts" data-label="Hosts">
        {endpoints === undefined ? (
          <span class="quiet">–</span>
        ) : (
          <span class={endpoints.inService < endpoints.all ? 'text bad' : ''}>
            {endpoints.inService}/{endpoints.all}
          </span>
        )}
      </span>
      <span class={`right nums score text ${scoreTone(own.score)}`} data-label="Score">
        {own.score}
      </span>
      {own.band !== 'well' && own.reasons.length > 0 && <span class="why">{own.reasons.slice(0, 2).join(' · ')}</span>}
    </li>
  );
}

/** Reads with every message, so that the rest of the row need not. */
function Rate({ name }: { readonly name: string }) {
  const shown = useComputed(() => {
    void tick.value;
    return perSecond(traffic.rates(name).calls);
  });
  return (
    <span class="right nums rate" data-label="Calls/s">
      {shown}
    </span>
  );
}
