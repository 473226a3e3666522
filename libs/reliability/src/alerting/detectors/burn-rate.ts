import { SEVERITIES } from '../severity.js';
import type { BurnRateRule } from '../rule.options.js';
import { FailureWindow, RatioSteps } from '../series/failure-window.js';
import type { Sample } from '../series/sample.js';
import { type Detector, type Finding, shownDuration, shownNumber } from './detector.js';

type Windows = BurnRateRule['windows'][number] & { readonly long: FailureWindow; readonly short: FailureWindow };

/**
 * Breached when the error budget is being spent `factor` times as fast as the objective allows, over a long window, so
 * that it matters, and a short one, so that it is so now (B. Beyer and others, "The Site Reliability Workbook", 2018,
 * chapter 5, "Multiwindow, Multi-Burn-Rate Alerts"). Burn rate = failed share / (1 − objective).
 */
export class BurnRateDetector implements Detector {
  readonly #steps = new RatioSteps();
  readonly #windows: readonly Windows[];
  #firstAt: number | undefined;

  constructor(private readonly rule: BurnRateRule) {
    this.#windows = rule.windows
      .map((one) => ({ ...one, long: new FailureWindow(one.longMs), short: new FailureWindow(one.shortMs) }))
      .sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || b.factor - a.factor);
  }

  observe(sample: Sample): Finding {
    this.#firstAt ??= sample.at;
    const step = this.#steps.next(sample);
    let highest = 0;
    let breached: Finding | undefined;
    for (const { long, short, longMs, shortMs, factor, severity } of this.#windows) {
      long.add(sample.at, step);
      short.add(sample.at, step);
      const overLong = this.#burn(long, sample);
      const burn = Math.min(overLong, this.#burn(short, sample));
      highest = Math.max(highest, burn);
      if (breached !== undefined || burn <= factor || sample.at - this.#firstAt < shortMs) continue;
      breached = {
        kind: 'breached',
        value: burn,
        severity,
        detail: `burning the error budget ${shownNumber(overLong)} times too fast over ${shownDuration(longMs)} and ${shownDuration(shortMs)}`,
      };
    }
    return breached ?? { kind: 'clear', value: highest, detail: `burn rate ${shownNumber(highest)}` };
  }

  #burn(window: FailureWindow, { at, total }: Sample): number {
    const { ratio, calls } = window.figures(at);
    if (total !== undefined && calls < this.rule.minimumCalls) return 0;
    return ratio / (1 - this.rule.objective);
  }
}
