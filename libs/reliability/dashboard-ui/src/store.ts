import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import {
  type AlertPart,
  ALERTS_PART,
  APP_PART,
  type AppPart,
  type HealthPart,
  healthPart,
  type LiveMessage,
  type PolicyPart,
  policyPart,
  SCORE_PART,
  type ScorePart,
  type TimelineEntry,
} from '../../src/dashboard/wire.js';
import { Traffic } from './traffic.js';

/** Transitions kept for one name, as many as the server keeps. */
const LOG_PER_NAME = 100;

const parts = new Map<string, Signal<unknown>>();
const logs = new Map<string, Signal<readonly TimelineEntry[]>>();

/** The server's monotonic time of the last message, and when that was by `performance.now()`. */
export const clock = signal({ server: 0, here: 0, wall: 0 });
/** Types of policy by name; changes only when policies come or go. */
export const catalog = signal<ReadonlyMap<string, readonly string[]>>(new Map());
export const traffic = new Traffic();
/** Rises with every message that brings new figures for the charts. */
export const tick = signal(0);

export const app = computed(() => part<AppPart>(APP_PART).value);
export const score = computed(() => part<ScorePart>(SCORE_PART).value);
export const alerts = computed(() => part<readonly AlertPart[]>(ALERTS_PART).value ?? []);

export function part<T>(id: string): Signal<T | undefined> {
  let held = parts.get(id);
  if (held === undefined) parts.set(id, (held = signal<unknown>(undefined)));
  return held as Signal<T | undefined>;
}

export const health = (name: string): ReadonlySignal<HealthPart | undefined> => part(healthPart(name));
export const policy = (type: string, name: string): ReadonlySignal<PolicyPart | undefined> =>
  part(policyPart(type, name));

export function log(name: string): Signal<readonly TimelineEntry[]> {
  let held = logs.get(name);
  if (held === undefined) logs.set(name, (held = signal<readonly TimelineEntry[]>([])));
  return held;
}

/** Policies of a name, by type. */
export function policiesOf(name: string): ReadonlyMap<string, PolicyPart> {
  const found = new Map<string, PolicyPart>();
  for (const type of catalog.value.get(name) ?? []) {
    const own = policy(type, name).value;
    if (own !== undefined) found.set(type, own);
  }
  return found;
}

/** Server's monotonic time by now. */
export const serverNow = (): number => clock.value.server + (performance.now() - clock.value.here);

/** When something was, by the reader's clock. */
export const wallOf = (at: number): Date => new Date(clock.peek().wall - (clock.peek().server - at));

export function apply(message: LiveMessage): void {
  batch(() => {
    clock.value = { server: message.now, here: performance.now(), wall: message.wall };
    const given = message.set ?? {};
    const gone = message.full ? [...parts.keys()].filter((id) => !(id in given)) : (message.gone ?? []);
    let named = false;
    for (const [id, value] of Object.entries(given)) {
      const held = part(id);
      named ||= held.value === undefined && id.startsWith('policy/');
      held.value = value;
    }
    for (const id of gone) {
      named ||= id.startsWith('policy/');
      part(id).value = undefined;
    }
    if (named) catalog.value = catalogOf();
    if (message.full) for (const held of logs.values()) held.value = [];
    if (message.log !== undefined) append(message.log);
    sample(message.now);
    tick.value += 1;
  });
}

function catalogOf(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [id, held] of parts) {
    if (held.value === undefined || !id.startsWith('policy/')) continue;
    const { type, name } = held.value as PolicyPart;
    found.set(name, [...(found.get(name) ?? []), type]);
  }
  return found;
}

function append(entries: readonly TimelineEntry[]): void {
  const byName = Map.groupBy(entries, ({ name }) => name);
  for (const [name, own] of byName) log(name).value = [...log(name).peek(), ...own].slice(-LOG_PER_NAME);
}

function sample(now: number): void {
  for (const name of catalog.peek().keys()) traffic.sample(name, now, policiesOf(name));
  traffic.keepOnly(catalog.peek());
}
