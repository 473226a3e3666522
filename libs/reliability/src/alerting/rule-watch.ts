import type { Alert } from '../core/alert.js';
import type { PolicySnapshot } from '../core/policy.js';
import type { AlertRule, Reading } from './rule.options.js';
import { type AlertChange, fingerprintOf, RuleSeries } from './rule-series.js';
import type { ProcessFigures } from './sources/process-figures.js';
import { readSnapshots } from './sources/snapshot-values.js';

/** A series that has not been there for this long, in ms, is forgotten. */
const FORGET_AFTER_MS = 3_600_000;

/** What a rule looks at. */
export interface Sources {
  readonly snapshots: readonly PolicySnapshot[];
  readonly process: ProcessFigures;
}

/** What `inspect()` shows of a rule. */
export interface RuleSnapshot {
  readonly name: string;
  readonly kind: string;
  readonly series: number;
  readonly pending: number;
  readonly firing: number;
  /** Readings of series for which there was no room. */
  readonly overflowed: number;
  /** What the source threw last; `null` when it worked. */
  readonly lastError: string | null;
}

type Tell = (change: AlertChange, alert: Alert) => void;

/** One rule and all its series. */
export class RuleWatch {
  readonly #series = new Map<string, RuleSeries>();
  #overflowed = 0;
  #lastError: string | null = null;

  constructor(
    readonly rule: AlertRule,
    private readonly maxSeries: number,
  ) {}

  /** Reads the source, judges every series and tells what changed. A source that throws has read nothing. */
  evaluate(sources: Sources, now: number, wallNow: number, tell: Tell): void {
    const readings = this.#read(sources);
    const seen = new Map<RuleSeries, Reading>();
    for (const reading of readings) {
      const series = this.#seriesOf(reading);
      if (series !== undefined) seen.set(series, reading);
    }
    for (const [key, series] of this.#series) {
      const change = series.evaluate(seen.get(series), now, wallNow);
      if (change !== undefined) tell(change, series.view(wallNow, change === 'resolved'));
      if (series.state === 'inactive' && now - series.seenAt > FORGET_AFTER_MS) this.#series.delete(key);
    }
  }

  active(wallNow: number): Alert[] {
    return [...this.#series.values()].filter(({ state }) => state !== 'inactive').map((series) => series.view(wallNow));
  }

  acknowledge(fingerprint: string, by: string): boolean {
    const series = this.#series.get(fingerprint);
    if (series === undefined || series.state === 'inactive') return false;
    series.acknowledge(by);
    return true;
  }

  /** The rule is no longer wanted: what fires is over. */
  end(wallNow: number, tell: (alert: Alert) => void): void {
    for (const series of this.#series.values()) if (series.state === 'firing') tell(series.view(wallNow, true));
    this.#series.clear();
  }

  /** Whether another rule is the same, so that this one goes on in its place. */
  serves(rule: AlertRule): boolean {
    return rule.source === this.rule.source || typeof rule.source !== 'function'
      ? JSON.stringify(rule) === JSON.stringify(this.rule)
      : false;
  }

  inspect(): RuleSnapshot {
    const states = [...this.#series.values()].map(({ state }) => state);
    return {
      name: this.rule.name,
      kind: this.rule.kind,
      series: states.length,
      pending: states.filter((state) => state === 'pending').length,
      firing: states.filter((state) => state === 'firing').length,
      overflowed: this.#overflowed,
      lastError: this.#lastError,
    };
  }

  #read({ snapshots, process }: Sources): readonly Reading[] {
    const { source } = this.rule;
    try {
      const readings =
        typeof source === 'function'
          ? [source()].flat()
          : 'process' in source
            ? [{ value: process.read(source.process) }]
            : readSnapshots(source, snapshots);
      this.#lastError = null;
      return readings;
    } catch (error) {
      this.#lastError = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return [];
    }
  }

  #seriesOf({ labels }: Reading): RuleSeries | undefined {
    const all = { ...this.rule.labels, ...labels };
    const key = fingerprintOf(this.rule.name, all);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= this.maxSeries) {
      this.#overflowed += 1;
      return undefined;
    }
    const series = new RuleSeries(this.rule, all);
    this.#series.set(key, series);
    return series;
  }
}
