import { computed, type ReadonlySignal } from '@preact/signals';
import type { HealthPart, PolicyPart } from '../../src/dashboard/wire.js';
import { fields, list, num, sum, text } from './read.js';
import { catalog, health, policiesOf } from './store.js';

/** How a name is doing, worst first. `held`: by hand. */
export const BANDS = ['down', 'held', 'impaired', 'well'] as const;
export type Band = (typeof BANDS)[number];

/** What the overview says of one name. */
export interface Summary {
  readonly name: string;
  readonly band: Band;
  readonly score: number;
  readonly reasons: readonly string[];
  /** State of the circuit breaker, where there is one. */
  readonly circuit: string | undefined;
  /** Keys whose circuit is not closed. */
  readonly keysNotClosed: number;
  /** Share of the calls in the breaker's window that failed, in steps that can be seen. */
  readonly failing: number | undefined;
  /** Share of the narrowest limit that is used, 0 to 1, in steps that can be seen. */
  readonly limitUsed: number | undefined;
  /** Calls that wait, for the limiter or a place. */
  readonly waiting: number;
  readonly endpoints: { readonly inService: number; readonly all: number } | undefined;
  /** Calls given up whose work still runs. */
  readonly zombies: number;
  readonly retrying: number;
}

/** Below this score a name is impaired. */
const WELL_FROM = 90;

const made = new Map<string, ReadonlySignal<Summary>>();

export function summary(name: string): ReadonlySignal<Summary> {
  let own = made.get(name);
  if (own === undefined) {
    const summarised = keepingEqual((a: Summary, b) => JSON.stringify(a) === JSON.stringify(b));
    own = computed(() => summarised(summarise(name, policiesOf(name), health(name).value)));
    made.set(name, own);
  }
  return own;
}

/** Gives the last value as long as the next one is equal: whoever shows it has then nothing to do. */
export function keepingEqual<T>(equal: (last: T, next: T) => boolean): (next: T) => T {
  let last: T | undefined;
  return (next) => {
    if (last !== undefined && equal(last, next)) return last;
    last = next;
    return next;
  };
}

export const sameElements = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((element, index) => element === b[index]);

const keptOrder = keepingEqual<readonly Summary[]>(sameElements);

/** Names in the order of their bands, then of the alphabet: a row moves only when what it is called changes. */
export const ordered = computed(() =>
  keptOrder(
    [...catalog.value.keys()]
      .map((name) => summary(name).value)
      .toSorted((a, b) => BANDS.indexOf(a.band) - BANDS.indexOf(b.band) || compareNames(a.name, b.name)),
  ),
);

const { compare: compareNames } = new Intl.Collator('en', { numeric: true });

export function summarise(
  name: string,
  policies: ReadonlyMap<string, PolicyPart>,
  own: HealthPart | undefined,
): Summary {
  const breaker = policies.get('circuit-breaker');
  const circuit = breaker === undefined ? undefined : text(breaker['state']);
  const window = fields(breaker?.['window']);
  const calls = num(window['calls']);
  const limiter = policies.get('rate-limiter');
  const bulkhead = policies.get('bulkhead');
  const endpoints = policies.has('load-balancer') ? list(policies.get('load-balancer')!['endpoints']) : undefined;
  const score = own?.score ?? 100;
  return {
    name,
    band: bandOf(score, own?.unreachable === true, circuit, breaker?.['mode']),
    score,
    reasons: own?.reasons.map(({ reason }) => reason) ?? [],
    circuit,
    keysNotClosed: num(fields(breaker?.['keys'])['notClosed']),
    failing: calls === 0 ? undefined : inSteps(num(window['failures']) / calls, 0.001),
    limitUsed: limiter === undefined ? undefined : inSteps(limitUsed(limiter), 0.01),
    waiting: sum(limiter?.['waiting']) + num(bulkhead?.['queued']),
    endpoints: endpoints && {
      inService: endpoints.filter(({ service }) => service === 'in-service').length,
      all: endpoints.length,
    },
    zombies: zombiesOf(policies),
    retrying: num(policies.get('retry')?.['sleeping']),
  };
}

const inSteps = (share: number | undefined, step: number): number | undefined =>
  share === undefined ? undefined : Math.round(share / step) * step;

function bandOf(score: number, unreachable: boolean, circuit: string | undefined, mode: unknown): Band {
  if (circuit === 'forced-open' || circuit === 'disabled' || mode === 'metrics-only') return 'held';
  if (unreachable) return 'down';
  return score < WELL_FROM ? 'impaired' : 'well';
}

export function limitUsed(limiter: PolicyPart): number | undefined {
  const windows = list(limiter['windows']);
  const limit = Math.min(...windows.map(({ capacity, currentLimit }) => num(capacity ?? currentLimit)));
  if (!Number.isFinite(limit) || limit <= 0) return undefined;
  return Math.max(0, Math.min(1, 1 - num(limiter['remaining']) / limit));
}

/** A place held by abandoned work and a call past its limit are mostly the same: the larger figure counts. */
export function zombiesOf(policies: ReadonlyMap<string, PolicyPart>): number {
  const running = num(policies.get('time-limit')?.['running']) + num(policies.get('deadline')?.['running']);
  return Math.max(num(policies.get('bulkhead')?.['abandoned']), running);
}
