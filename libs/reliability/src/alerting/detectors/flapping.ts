import type { FlappingRule } from '../rule.options.js';
import { CounterIncrease } from '../series/counter.js';
import type { Sample } from '../series/sample.js';
import { SlicedWindow } from '../series/sliced-window.js';
import { type Detector, type Finding, shownDuration, shownNumber } from './detector.js';

/** Breached when a state changes too often in a window, clear when it has calmed down to half of that. */
export class FlappingDetector implements Detector {
  readonly #changes: SlicedWindow;
  readonly #count: (value: number) => number;
  #breached = false;

  constructor(private readonly rule: FlappingRule) {
    this.#changes = new SlicedWindow(rule.windowMs);
    this.#count = countingOf(rule);
  }

  observe({ at, value }: Sample): Finding {
    const changes = this.#count(value);
    if (changes > 0) this.#changes.add(at, changes);
    const { sum } = this.#changes.figures(at);
    const { changes: limit, clearChanges = Math.floor(limit / 2), windowMs } = this.rule;
    this.#breached = this.#breached ? sum > clearChanges : sum >= limit;
    const detail = `${shownNumber(sum)} changes in ${shownDuration(windowMs)}`;
    return { kind: this.#breached ? 'breached' : 'clear', value: sum, detail };
  }
}

/** How many changes a value brings. */
function countingOf({ counts, crossing }: FlappingRule): (value: number) => number {
  if (counts === 'increase') {
    const counter = new CounterIncrease();
    return (value) => counter.next(value);
  }
  let last: number | undefined;
  return (value) => {
    // On the level itself it is still on the side where it was.
    const side = crossing === undefined ? value : value === crossing ? last : Math.sign(value - crossing);
    const changed = last !== undefined && side !== last;
    last = side;
    return changed ? 1 : 0;
  };
}
