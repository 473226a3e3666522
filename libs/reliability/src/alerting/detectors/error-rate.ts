import type { ErrorRateRule } from '../rule.options.js';
import { FailureWindow, RatioSteps } from '../series/failure-window.js';
import type { Sample } from '../series/sample.js';
import { type Detector, type Finding, shownDuration, shownNumber, shownShare } from './detector.js';

/** Breached when too large a share of enough calls failed in the window. */
export class ErrorRateDetector implements Detector {
  readonly #steps = new RatioSteps();
  readonly #window: FailureWindow;
  #breached = false;

  constructor(private readonly rule: ErrorRateRule) {
    this.#window = new FailureWindow(rule.windowMs);
  }

  observe(sample: Sample): Finding {
    const { above, clear = above, windowMs, minimumCalls } = this.rule;
    this.#window.add(sample.at, this.#steps.next(sample));
    const { ratio, calls } = this.#window.figures(sample.at);
    if (sample.total !== undefined && calls < minimumCalls) {
      // Nobody calls: neither a failure nor a recovery is seen. What was broken is not known to be well.
      if (this.#breached && calls > 0) return { kind: 'unknown', detail: `only ${shownNumber(calls)} calls` };
      this.#breached = false;
      return { kind: 'clear', value: ratio, detail: `${shownNumber(calls)} calls are too few to judge` };
    }
    this.#breached = ratio > (this.#breached ? clear : above);
    const detail = `${shownShare(ratio)} of calls failed in ${shownDuration(windowMs)}`;
    return { kind: this.#breached ? 'breached' : 'clear', value: ratio, detail };
  }
}
