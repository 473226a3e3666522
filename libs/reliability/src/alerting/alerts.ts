import type { Alert } from '../core/alert.js';
import type { Capabilities } from '../core/capabilities.js';
import type { Unsubscribe } from '../core/event-bus.js';
import type { PolicySnapshot } from '../core/policy.js';
import type { Timer } from '../core/timer.js';
import type { ActiveAlerts, AlertHistory } from './active-alerts.js';
import { type AlertsOptions, parseAlertsOptions, type ResolvedAlertsOptions } from './alerts.options.js';
import { alertmanagerSink } from './delivery/alertmanager-sink.js';
import { logSink, type WriteAlertLine } from './delivery/log-sink.js';
import { SinkDelivery, type SinkSnapshot } from './delivery/sink-delivery.js';
import { webhookSink } from './delivery/webhook-sink.js';
import type { AlertChange } from './rule-series.js';
import { type RuleSnapshot, RuleWatch } from './rule-watch.js';
import { SEVERITIES } from './severity.js';
import { type Silence, type SilenceRequest, Silences } from './silences.js';
import type { AlertSink } from './sink.js';
import type { SinkOptions } from './sink.options.js';
import { ProcessFigures } from './sources/process-figures.js';

/** A transition of a circuit or a balancer is looked at this soon, in ms: the next turn may be far away. */
const SOON_MS = 250;
/** Transitions that cannot wait for the next turn. */
const URGENT = ['circuit-breaker.transition', 'load-balancer.panic', 'load-balancer.endpoint'] as const;

/** What alerting is about, and what it writes its lines with. */
export interface AlertSurroundings {
  readonly capabilities: Capabilities;
  /** The snapshots of the policies: `manager.inspect()`. */
  readonly inspect: () => readonly PolicySnapshot[];
  /** Writes the lines of the log sink and of sinks that fail; nothing is written without it. */
  readonly log?: WriteAlertLine;
  readonly onSinkFailure?: (sink: string, error: unknown) => void;
}

/** What `inspect()` gives. */
export interface AlertsSnapshot {
  readonly version: 1;
  readonly rules: readonly RuleSnapshot[];
  readonly sinks: readonly SinkSnapshot[];
  readonly silences: readonly Silence[];
}

/**
 * Looks at everything named, now and then and after transitions, and tells whoever is to know. A call costs nothing
 * here: figures are read from snapshots.
 */
export class Alerts {
  #options: ResolvedAlertsOptions;
  #watches: readonly RuleWatch[];
  #deliveries: readonly SinkDelivery[];
  readonly #silences = new Silences();
  readonly #process: ProcessFigures;
  #history: Alert[] = [];
  #timer: Timer | undefined;
  #soon: Timer | undefined;
  #unsubscribe: readonly Unsubscribe[] = [];

  /** @throws InvalidOptionsError naming every problem: path, rule and value */
  constructor(
    options: AlertsOptions,
    private readonly surroundings: AlertSurroundings,
  ) {
    this.#options = parseAlertsOptions(options);
    this.#watches = this.#options.rules.map((rule) => new RuleWatch(rule, this.#options.maxSeries));
    this.#deliveries = this.#makeDeliveries(this.#options);
    this.#process = new ProcessFigures(surroundings.capabilities.clock.now());
  }

  /** Looks at the rules from now on. Does nothing without rules. */
  start(): void {
    if (this.#timer !== undefined || this.#options.rules.length === 0) return;
    const { emit } = this.surroundings.capabilities;
    this.#unsubscribe = URGENT.map((type) => emit.on(type, () => this.#evaluateSoon()));
    this.#scheduleNext();
  }

  /** Stops looking and telling. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    this.#timer?.cancel();
    this.#soon?.cancel();
    this.#timer = this.#soon = undefined;
    for (const delivery of this.#deliveries) delivery.close();
  }

  /** Looks at every rule now, and sends what is due. Never throws. */
  evaluate(): void {
    const { clock } = this.surroundings.capabilities;
    const [now, wallNow] = [clock.now(), clock.wallNow()];
    this.#process.refresh(now);
    const snapshots = this.#snapshots();
    for (const watch of this.#watches) {
      watch.evaluate({ snapshots, process: this.#process }, now, wallNow, (change, alert) =>
        this.#changed(change, alert, now),
      );
    }
    for (const alert of this.#firing(wallNow)) for (const delivery of this.#deliveries) delivery.update(alert, now);
    for (const delivery of this.#deliveries) delivery.flush(now);
  }

  /** Pending and firing alerts, the most severe first. */
  active(): ActiveAlerts {
    const at = this.surroundings.capabilities.clock.wallNow();
    const rank = ({ state, severity }: Alert) => (state === 'firing' ? 10 : 0) + SEVERITIES.indexOf(severity);
    const alerts = this.#watches
      .flatMap((watch) => watch.active(at))
      .map((alert) => this.#withSilence(alert, at))
      .sort((a, b) => rank(b) - rank(a) || a.since - b.since);
    return { version: 1, at, alerts };
  }

  /** What fired, was escalated or resolved, the newest first. */
  history(): AlertHistory {
    return { version: 1, at: this.surroundings.capabilities.clock.wallNow(), alerts: this.#history.toReversed() };
  }

  /**
   * Keeps alerts from the sinks for a while.
   * @throws ReliabilityError `INVALID_OPTIONS` when it would match everything or never end
   */
  silence(request: SilenceRequest): Silence {
    return this.#silences.add(request, this.surroundings.capabilities.clock.wallNow());
  }

  /** @returns whether there was such a silence */
  endSilence(id: string): boolean {
    return this.#silences.end(id);
  }

  /**
   * Somebody has taken an alert in hand: it is not escalated any further.
   * @param fingerprint of an active alert
   * @returns whether there is such an alert
   */
  acknowledge(fingerprint: string, by: string): boolean {
    return this.#watches.some((watch) => watch.acknowledge(fingerprint, by));
  }

  inspect(): AlertsSnapshot {
    const { clock } = this.surroundings.capabilities;
    return {
      version: 1,
      rules: this.#watches.map((watch) => watch.inspect()),
      sinks: this.#deliveries.map((delivery) => delivery.inspect(clock.now())),
      silences: this.#silences.list(clock.wallNow()),
    };
  }

  /**
   * Takes new options. Rules that stay as they are keep what they have learned and their alerts; alerts of rules that go
   * are over. Sinks are told what is firing anew only where the sinks changed.
   * @throws InvalidOptionsError naming every problem; nothing has changed then
   */
  reconfigure(options: AlertsOptions): void {
    const next = parseAlertsOptions(options);
    const deliveries = tellsAlike(next, this.#options) ? undefined : this.#makeDeliveries(next);
    const { clock } = this.surroundings.capabilities;
    const kept = new Map(this.#watches.map((watch) => [watch.rule.name, watch]));
    this.#watches = next.rules.map((rule) => {
      const known = kept.get(rule.name);
      if (known === undefined || !known.serves(rule)) return new RuleWatch(rule, next.maxSeries);
      kept.delete(rule.name);
      return known;
    });
    for (const gone of kept.values())
      gone.end(clock.wallNow(), (alert) => this.#changed('resolved', alert, clock.now()));
    if (deliveries !== undefined) {
      for (const delivery of this.#deliveries) delivery.close();
      this.#deliveries = deliveries;
    }
    const running = this.#timer !== undefined;
    this.#options = next;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (running) this.#scheduleNext();
  }

  #changed(change: AlertChange, alert: Alert, now: number): void {
    const { emit, clock } = this.surroundings.capabilities;
    const shown = this.#withSilence(alert, clock.wallNow());
    if (this.#options.historySize > 0) {
      if (this.#history.length >= this.#options.historySize)
        this.#history.splice(0, this.#history.length - this.#options.historySize + 1);
      this.#history.push(shown);
    }
    if (change === 'resolved') for (const delivery of this.#deliveries) delivery.update(shown, now);
    const type = change === 'resolved' ? 'alert.resolved' : 'alert.firing';
    if (emit.wants(type)) emit.emit({ type, policy: alert.policy ?? '', at: now, alert: shown });
  }

  #firing(wallNow: number): Alert[] {
    return this.#watches
      .flatMap((watch) => watch.active(wallNow))
      .filter(({ state }) => state === 'firing')
      .map((alert) => this.#withSilence(alert, wallNow));
  }

  #withSilence(alert: Alert, wallNow: number): Alert {
    const silence = this.#silences.of(alert, wallNow);
    return silence === undefined ? alert : { ...alert, silencedBy: silence.id };
  }

  /** One source that fails leaves the others. */
  #snapshots(): readonly PolicySnapshot[] {
    return [this.surroundings.inspect, ...this.#options.snapshots].flatMap((read) => {
      try {
        return read();
      } catch {
        return [];
      }
    });
  }

  #scheduleNext(): void {
    this.#timer = this.surroundings.capabilities.clock.schedule(this.#options.evaluateEveryMs, () => {
      this.#scheduleNext();
      this.evaluate();
    });
  }

  #evaluateSoon(): void {
    this.#soon ??= this.surroundings.capabilities.clock.schedule(SOON_MS, () => {
      this.#soon = undefined;
      this.evaluate();
    });
  }

  #makeDeliveries({ sinks, grouping, delivery }: ResolvedAlertsOptions): SinkDelivery[] {
    const { capabilities, onSinkFailure = () => undefined } = this.surroundings;
    return sinks.map(
      (options) => new SinkDelivery(this.#makeSink(options), grouping, delivery, capabilities, onSinkFailure),
    );
  }

  #makeSink(options: SinkOptions): AlertSink {
    if ('send' in options) return options;
    switch (options.kind) {
      case 'log':
        return logSink(options, this.surroundings.log ?? (() => undefined));
      case 'webhook':
        return webhookSink(options, this.surroundings.capabilities.clock);
      case 'alertmanager':
        return alertmanagerSink(options);
    }
  }
}

/** Whether both tell the same sinks in the same way. Sinks of one's own are the same only when they are the same objects. */
function tellsAlike(one: ResolvedAlertsOptions, other: ResolvedAlertsOptions): boolean {
  const shown = ({ sinks, grouping, delivery }: ResolvedAlertsOptions) => JSON.stringify({ sinks, grouping, delivery });
  return (
    shown(one) === shown(other) && one.sinks.every((sink, index) => !('send' in sink) || sink === other.sinks[index])
  );
}
