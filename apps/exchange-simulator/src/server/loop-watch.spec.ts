import { SlidingWindow } from '../limits/sliding-window.js';
import { LoopWatch } from './loop-watch.js';

describe('LoopWatch', () => {
  function watched(turns: readonly number[]): LoopWatch {
    let now = 0;
    const watch = new LoopWatch(() => now);
    for (now of turns) watch.turn();
    return watch;
  }

  it('knows an arrival to within a turn of a free event loop', () => {
    expect(watched([10, 20, 31]).earliestArrival()).toBe(31);
  });

  it('goes back before a stall for what is handled right after it, and only for that', () => {
    expect(watched([10, 20, 320]).earliestArrival()).toBe(20);
    expect(watched([10, 20, 320, 330]).earliestArrival()).toBe(330);
  });

  it('keeps a stall from turning well-spaced requests into a violation', () => {
    // Five came at 20 and were handled after a stall at 320; five more came at 1,050, one whole window later.
    const window = new SlidingWindow(5, 1_000);
    const stalled = watched([10, 20, 320]);
    for (let i = 0; i < 5; i += 1) expect(window.charge(1, 320, stalled.earliestArrival()).admitted).toBe(true);
    expect(window.charge(1, 1_019, 1_019).admitted).toBe(false);
    expect(window.charge(1, 1_050, 1_050).admitted).toBe(true);
  });
});
