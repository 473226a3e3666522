import type { AlertSeverity } from '../core/alert.js';
import { parseOptions } from '../core/options.js';
import { type AlertPhase, INACTIVE, nextPhase } from './alert-phase.js';
import { createDetector } from './detectors/create-detector.js';
import type { Detector, Finding } from './detectors/detector.js';
import { type SeriesRule, seriesRule, type SeriesRuleOptions } from './rule.options.js';
import { Cadence } from './series/cadence.js';
import { type SampleInput, usableSample } from './series/sample.js';

/** As Prometheus has it: what has not been seen for five minutes is gone. */
const NO_DATA_AFTER_MS = 300_000;
const NO_DATA_INTERVALS = 5;

/** What a rule says of a series at a moment. */
export interface Evaluation {
  readonly state: AlertPhase['kind'];
  /** What happened with this sample. */
  readonly change: 'fired' | 'resolved' | undefined;
  /** Since when the condition has held; `undefined` while it does not. */
  readonly since: number | undefined;
  readonly firedAt: number | undefined;
  /** The figure that was looked at; `undefined` while there is none. */
  readonly value: number | undefined;
  /** Why, in one phrase. */
  readonly detail: string;
  /** Where the rule itself knows it. */
  readonly severity: AlertSeverity | undefined;
}

/**
 * One rule on one series: give it the samples in order of time. Samples that are no finite numbers or not later than the
 * last one are passed over. It looks at the times of the samples alone and reads no clock.
 */
export class SeriesAlert {
  readonly #rule: SeriesRule;
  readonly #cadence = new Cadence();
  #detector: Detector;
  #phase: AlertPhase = INACTIVE;
  #lastAt = -Infinity;
  #finding: Finding = { kind: 'unknown', detail: 'nothing seen yet' };
  #severity: AlertSeverity | undefined;

  /** @param rule of {@link parseSeriesRule} */
  constructor(rule: SeriesRule) {
    this.#rule = rule;
    this.#detector = createDetector(rule);
  }

  /** Looks at one sample. */
  observe(input: SampleInput): Evaluation {
    const sample = usableSample(input, this.#lastAt);
    if (sample === undefined) return this.#evaluation(undefined);
    const before = this.#phase;
    const silent = this.#silentAt(sample.at);
    if (silent) this.#phase = INACTIVE;
    this.#cadence.note(sample.at);
    this.#lastAt = sample.at;
    this.#take(this.#detector.observe(sample), sample.at);
    // An alert that silence ended, and that fires again with this very sample, has not been over.
    return this.#evaluation(changeOf(before, this.#phase));
  }

  /** Nothing came: ends an alert whose series has been silent for too long. */
  tick(now: number): Evaluation {
    if (this.#phase.kind === 'inactive' || !this.#silentAt(now)) return this.#evaluation(undefined);
    const before = this.#phase;
    this.#phase = INACTIVE;
    this.#finding = { kind: 'unknown', detail: 'no data' };
    return this.#evaluation(changeOf(before, this.#phase));
  }

  get evaluation(): Evaluation {
    return this.#evaluation(undefined);
  }

  #take(finding: Finding, now: number): void {
    this.#finding = finding;
    if (finding.kind === 'unknown') return;
    if (finding.kind === 'breached') this.#severity = finding.severity;
    this.#phase = nextPhase(this.#phase, finding.kind === 'breached', now, this.#rule);
  }

  #silentAt(now: number): boolean {
    const usual = Math.max(NO_DATA_AFTER_MS, NO_DATA_INTERVALS * this.#cadence.usualMs);
    return now - this.#lastAt > (this.#rule.noDataAfterMs ?? usual);
  }

  #evaluation(change: Evaluation['change']): Evaluation {
    const phase = this.#phase;
    const finding = this.#finding;
    return {
      state: phase.kind,
      change,
      since: phase.kind === 'inactive' ? undefined : phase.since,
      firedAt: phase.kind === 'firing' ? phase.firedAt : undefined,
      value: finding.kind === 'unknown' ? undefined : finding.value,
      detail: finding.detail,
      severity: phase.kind === 'inactive' ? undefined : this.#severity,
    };
  }
}

function changeOf(before: AlertPhase, after: AlertPhase): Evaluation['change'] {
  if (before.kind === 'firing') return after.kind === 'firing' ? undefined : 'resolved';
  return after.kind === 'firing' ? 'fired' : undefined;
}

/**
 * A rule for a series with all defaults.
 * @throws InvalidOptionsError naming every problem: path, rule and value
 */
export function parseSeriesRule(options: SeriesRuleOptions): SeriesRule {
  return parseOptions(seriesRule, options, 'rule');
}

/**
 * A rule on a series, to be fed sample by sample.
 * @throws InvalidOptionsError naming every problem: path, rule and value
 */
export function seriesAlert(options: SeriesRuleOptions): SeriesAlert {
  return new SeriesAlert(parseSeriesRule(options));
}

/** One alert on a series. */
export interface AlertSpan {
  /** Since when the condition held. */
  readonly since: number;
  readonly firedAt: number;
  /** When it was over; `undefined` when it was not by the end of the samples. */
  readonly resolvedAt: number | undefined;
  /** The figure when it fired. */
  readonly value: number;
  /** Why it fired. */
  readonly detail: string;
}

/**
 * All alerts that a rule gives on a series.
 * @param samples in order of time: `{ at, value, total? }` or `[at, value, total?]`, `at` in ms
 * @throws InvalidOptionsError naming every problem of the rule: path, rule and value
 */
export function alertsOn(options: SeriesRuleOptions, samples: Iterable<SampleInput>): AlertSpan[] {
  const alert = seriesAlert(options);
  const spans: AlertSpan[] = [];
  for (const sample of samples) {
    const { change, since, firedAt, value, detail } = alert.observe(sample);
    if (change === 'fired') {
      spans.push({ since: since!, firedAt: firedAt!, resolvedAt: undefined, value: value!, detail });
    } else if (change === 'resolved') {
      const at = Array.isArray(sample) ? (sample[0] as number) : (sample as { at: number }).at;
      spans.push({ ...spans.pop()!, resolvedAt: at });
    }
  }
  return spans;
}
