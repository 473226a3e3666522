import type { WindowSample } from './sample-window.js';

/** How a concurrency limit follows what calls show. Pure arithmetic: the same samples give the same limits. */
export interface LimitRule {
  /** The next limit, before it is bounded. `saturated`: the limit was used up far enough to learn from. */
  next(limit: number, sample: WindowSample, saturated: boolean): number;
}
