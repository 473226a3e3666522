import type { ThresholdRule } from '../rule.options.js';
import { CounterIncrease } from '../series/counter.js';
import { levelOf, type Sample } from '../series/sample.js';
import { SlicedWindow } from '../series/sliced-window.js';
import { type Detector, type Finding, shownDuration, shownNumber } from './detector.js';

/** Breached beyond a limit, clear again at another one: what lies between changes nothing. */
export class ThresholdDetector implements Detector {
  readonly #figure: (sample: Sample) => number | undefined;
  #breached = false;

  constructor(private readonly rule: ThresholdRule) {
    this.#figure = rule.over === undefined ? levelOf : overWindow(rule.over);
  }

  observe(sample: Sample): Finding {
    const value = this.#figure(sample);
    if (value === undefined) return { kind: 'unknown', detail: 'nothing to compare yet' };
    const { above, below, clear, over } = this.rule;
    const limit = (above ?? below)!;
    const bound = this.#breached ? (clear ?? limit) : limit;
    this.#breached = above === undefined ? value < bound : value > bound;
    const what = over === undefined ? '' : `${over.by} over ${shownDuration(over.windowMs)} `;
    const relation = this.#breached ? (above === undefined ? '<' : '>') : above === undefined ? '≥' : '≤';
    const detail = `${what}${shownNumber(value)} ${relation} ${shownNumber(bound)}`;
    return { kind: this.#breached ? 'breached' : 'clear', value, detail };
  }
}

function overWindow({ by, windowMs }: NonNullable<ThresholdRule['over']>): (sample: Sample) => number | undefined {
  const window = new SlicedWindow(windowMs);
  const counter = new CounterIncrease();
  let firstAt: number | undefined;
  return (sample) => {
    firstAt ??= sample.at;
    const value = by === 'increase' || by === 'rate' ? counter.next(sample.value) : levelOf(sample);
    if (value !== undefined) window.add(sample.at, value);
    const figures = window.figures(sample.at);
    if (figures.count === 0) return undefined;
    switch (by) {
      case 'increase':
        return figures.sum;
      case 'rate':
        return sample.at > firstAt ? (1_000 * figures.sum) / Math.min(windowMs, sample.at - firstAt) : 0;
      case 'min':
      case 'mean':
        // Of a window that is hardly begun they would say more than is known.
        return sample.at - firstAt < ENOUGH * windowMs ? undefined : figures[by];
      case 'max':
        return figures.max;
    }
  };
}

/** Share of the window that has to be over since the first sample. */
const ENOUGH = 0.9;
