import { createHash } from 'node:crypto';
import type { Alert } from '../../core/alert.js';
import type { AlertNotification, GroupingOptions } from '../sink.js';

/** Groups of one sink. */
const MOST_GROUPS = 1_000;
/** Alerts shown in one notification. */
const MOST_ALERTS = 500;
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 300_000;

interface Entry {
  alert: Alert;
  /** What the sink knows of it. */
  told: string | undefined;
}

interface Group {
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly entries: Map<string, Entry>;
  /** Since when there is something to tell. */
  changedAt: number | undefined;
  toldAt: number | undefined;
  inFlight: boolean;
  failures: number;
  notBefore: number;
}

/** What a sink is to be told, and what its answer settles. */
export interface DueNotification {
  readonly group: string;
  readonly notification: AlertNotification;
}

/**
 * What one sink knows and what it has to be told, group by group, after the model of Alertmanager: the first word of a
 * group waits `waitMs` for company, changes follow `intervalMs` apart, and what goes on firing is repeated each
 * `repeatMs`. Delivery is of state, not of messages: what failed is told again as it is by then, and nothing queues up.
 */
export class AlertGroups {
  readonly #groups = new Map<string, Group>();
  #made = 0;
  /** Alerts that found no room in a group. */
  overflowed = 0;

  constructor(
    private readonly sink: string,
    private readonly options: GroupingOptions,
  ) {}

  get size(): number {
    return this.#groups.size;
  }

  /** Takes the alert as it is now: firing or resolved. */
  update(alert: Alert, now: number): void {
    const labels = Object.fromEntries(
      this.options.by.map((label) => [label, (label === 'alertname' ? alert.name : alert.labels[label]) ?? '']),
    );
    const key = JSON.stringify(labels);
    const group = this.#groups.get(key) ?? this.#begin(key, labels, alert);
    if (group === undefined) return;
    const known = group.entries.get(alert.fingerprint);
    if (known === undefined) {
      if (alert.state !== 'firing') return this.#drop(group);
      group.entries.set(alert.fingerprint, { alert, told: undefined });
    } else known.alert = alert;
    if (known?.told === undefined && alert.state !== 'firing') group.entries.delete(alert.fingerprint);
    if (this.#hasNews(group)) group.changedAt ??= now;
    else group.changedAt = undefined;
    this.#drop(group);
  }

  /** What is to be told now. Each has to be followed by {@link delivered} or {@link failed}. */
  due(now: number, wallNow: number, most = Infinity): DueNotification[] {
    const due: DueNotification[] = [];
    for (const group of this.#groups.values()) {
      if (due.length >= most) break;
      if (group.inFlight || now < group.notBefore || !this.#isDue(group, now)) continue;
      group.inFlight = true;
      due.push({ group: group.key, notification: this.#notification(group, wallNow) });
    }
    return due;
  }

  delivered({ group: key, notification }: DueNotification, now: number): void {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    group.inFlight = false;
    group.failures = 0;
    group.toldAt = now;
    for (const alert of notification.alerts) {
      const entry = group.entries.get(alert.fingerprint);
      if (entry === undefined) continue;
      entry.told = signatureOf(alert);
      if (entry.alert.state === 'resolved' && entry.told === signatureOf(entry.alert))
        group.entries.delete(alert.fingerprint);
    }
    group.changedAt = this.#hasNews(group) ? now : undefined;
    this.#drop(group);
  }

  failed({ group: key }: DueNotification, now: number): void {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    group.inFlight = false;
    group.notBefore = now + Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** group.failures);
    group.failures += 1;
  }

  #begin(key: string, labels: Group['labels'], alert: Alert): Group | undefined {
    if (alert.state !== 'firing') return undefined;
    if (this.#groups.size >= MOST_GROUPS) {
      this.overflowed += 1;
      return undefined;
    }
    const group: Group = {
      key,
      labels,
      entries: new Map(),
      changedAt: undefined,
      toldAt: undefined,
      inFlight: false,
      failures: 0,
      notBefore: -Infinity,
    };
    this.#groups.set(key, group);
    return group;
  }

  #isDue({ changedAt, toldAt, entries }: Group, now: number): boolean {
    const { waitMs, intervalMs, repeatMs } = this.options;
    if (changedAt !== undefined) {
      return toldAt === undefined ? now - changedAt >= waitMs : now - toldAt >= Math.min(intervalMs, repeatMs);
    }
    const firing = [...entries.values()].some(({ alert, told }) => told !== undefined && isHeard(alert));
    return firing && toldAt !== undefined && now - toldAt >= repeatMs;
  }

  #hasNews({ entries }: Group): boolean {
    return [...entries.values()].some(isNews);
  }

  #notification(group: Group, wallNow: number): AlertNotification {
    this.#made += 1;
    const id = createHash('sha256')
      .update(`${this.sink}\n${group.key}\n${wallNow}\n${this.#made}`)
      .digest('hex')
      .slice(0, 32);
    const shown = [...group.entries.values()].filter((entry) => isNews(entry) || isHeard(entry.alert));
    const alerts = shown.slice(0, MOST_ALERTS).map(({ alert }) => alert);
    return {
      version: 1,
      id,
      status: shown.some(({ alert }) => alert.state === 'firing') ? 'firing' : 'resolved',
      group: group.labels,
      alerts,
      omitted: shown.length - alerts.length,
      at: wallNow,
    };
  }

  #drop(group: Group): void {
    if (group.entries.size === 0 && !group.inFlight) this.#groups.delete(group.key);
  }
}

const isHeard = ({ state, silencedBy }: Alert) => state === 'firing' && silencedBy === undefined;

/** An end is told to whoever was told of the beginning, silence or not. */
const isNews = ({ alert, told }: Entry) =>
  told !== signatureOf(alert) && (isHeard(alert) || (alert.state === 'resolved' && told !== undefined));

/** What makes an alert worth telling again. */
const signatureOf = ({ id, state, severity }: Alert) => `${id} ${state} ${severity}`;
