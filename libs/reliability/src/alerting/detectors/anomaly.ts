import type { AnomalyRule } from '../rule.options.js';
import { Cadence } from '../series/cadence.js';
import { CounterIncrease } from '../series/counter.js';
import { RobustLevel, type Score } from '../series/robust-level.js';
import { levelOf, type Sample } from '../series/sample.js';
import { SeasonalProfile } from '../series/seasonal-profile.js';
import { type Detector, type Finding, shownNumber } from './detector.js';

/** A sample of the last few: whether it was odd, and, if so, its residual. */
interface Recent {
  readonly residual: number | undefined;
}

/** After more than this many usual intervals without a sample, the last samples say nothing about the next. */
const LONGEST_GAP = 12;
/** Odd samples among the last few below which a breach is over. */
const OVER_BELOW = 2;

/**
 * Breached when `confirm.samples` of the last `confirm.of` samples are odd: further from the expected value than
 * `sensitivity` robust standard deviations, and than all but the rarest of what was seen. Expected is a level that
 * follows the series, plus what the season adds at the time.
 *
 * Odd samples teach it nothing, so that an incident does not become the measure of health. One that stands alone counts
 * among what occurs. What has been odd for `acceptAfter` samples is the new normal.
 */
export class AnomalyDetector implements Detector {
  readonly #cadence = new Cadence();
  readonly #counter = new CounterIncrease();
  readonly #season: SeasonalProfile | undefined;
  readonly #level: RobustLevel;
  /** Values, less the season, that a new level would be learned from. */
  #gathered: number[] = [];
  #learned = false;
  #recent: Recent[] = [];
  #breached = false;

  constructor(private readonly rule: AnomalyRule) {
    this.#level = new RobustLevel(rule);
    if (rule.season !== undefined) this.#season = new SeasonalProfile(rule.season.periodMs, rule.season.slots);
  }

  observe(sample: Sample): Finding {
    const value = this.#valueOf(sample, this.#noteStep(sample.at));
    if (value === undefined) return { kind: 'unknown', detail: 'nothing to compare yet' };
    const offset = this.#season === undefined ? 0 : this.#season.at(sample.at);
    if (offset === undefined) {
      this.#season!.learn(sample.at, value);
      return { kind: 'unknown', detail: 'learning the season' };
    }
    if (!this.#learned) return this.#warmUp(sample, value, offset);
    const score = this.#level.score(value, offset);
    const odd = this.#isOdd(score) && this.#isOdd(this.#leniently(sample.at, value, offset, score));
    this.#judge(sample, value, offset, odd ? 'odd' : this.#isOdd(score) ? 'explained' : 'usual');
    const { z, expected } = score;
    const detail = `${shownNumber(value)} where ${shownNumber(expected)} is usual, ${shownNumber(Math.abs(z))} deviations ${z < 0 ? 'below' : 'above'}`;
    return { kind: this.#breached ? 'breached' : 'clear', value, detail };
  }

  #isOdd({ z, rare }: Score): boolean {
    const { sensitivity, direction } = this.rule;
    const counted = direction === 'both' || (direction === 'above' ? z > 0 : z < 0);
    return counted && rare && Math.abs(z) >= sensitivity;
  }

  /** The score against whatever is usual around this place of the season: steps of a season are known to a slot only. */
  #leniently(at: number, value: number, offset: number, score: Score): Score {
    if (this.#season === undefined) return score;
    const { least, most } = this.#season.around(at);
    const wanted = value - (score.expected - offset);
    return this.#level.score(value, Math.min(most, Math.max(least, wanted)));
  }

  #warmUp(sample: Sample, value: number, offset: number): Finding {
    this.#gathered.push(value - offset);
    this.#season?.learn(sample.at, value);
    if (this.#gathered.length >= this.rule.warmUp) this.#restart();
    return { kind: 'unknown', detail: 'learning what is usual' };
  }

  #judge(sample: Sample, value: number, offset: number, verdict: 'odd' | 'explained' | 'usual'): void {
    this.#recent.push({ residual: verdict === 'odd' ? this.#level.residualOf(value, offset) : undefined });
    const { confirm, acceptAfter } = this.rule;
    const left = this.#recent.length > confirm.of ? this.#recent.shift() : undefined;
    const count = this.#recent.filter(({ residual }) => residual !== undefined).length;
    const wasBreached = this.#breached;
    this.#breached = wasBreached ? count >= OVER_BELOW : count >= confirm.samples;
    if (!this.#breached && !wasBreached && left?.residual !== undefined) this.#level.note(left.residual);
    if (verdict === 'usual') this.#level.learn(value, offset);
    if (verdict !== 'odd') this.#season?.learn(sample.at, value);
    if (!this.#breached) this.#gathered = [];
    else if (this.#gathered.push(value - offset) >= acceptAfter) this.#restart();
  }

  #restart(): void {
    this.#level.restart(this.#gathered.slice(-this.rule.history));
    this.#learned = true;
    this.#breached = false;
    this.#recent = [];
    this.#gathered = [];
  }

  /** The value that is judged; `undefined` where there is none. */
  #valueOf(sample: Sample, elapsedMs: number): number | undefined {
    if (this.rule.of === 'value') return levelOf(sample);
    const increase = this.#counter.next(sample.value);
    return elapsedMs === 0 ? undefined : (1_000 * increase) / elapsedMs;
  }

  /** Ms since the sample before; 0 for the first. */
  #noteStep(at: number): number {
    const usualMs = this.#cadence.usualMs;
    const elapsedMs = this.#cadence.note(at);
    if (usualMs > 0 && elapsedMs > LONGEST_GAP * usualMs) this.#recent = [];
    return elapsedMs;
  }
}
