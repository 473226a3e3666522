import { FixedWindow } from './fixed-window.js';
import { Gcra } from './gcra.js';
import type { Meter } from './meter.js';
import { SlidingWindow } from './sliding-window.js';
import { SlidingWindowCounter } from './sliding-window-counter.js';
import { WarmUp } from './warm-up.js';

const AT = 5;

function started(meter: Meter, permits = Infinity) {
  // In the middle of others' cells, as in a table of keys.
  const state = new Float64Array(AT + meter.cells + 3).fill(-7);
  meter.start(state, AT, 0, permits);
  const take = (now: number, cost = 1) => {
    const wait = meter.wait(state, AT, now, cost);
    if (wait === 0) meter.take(state, AT, now, cost);
    return wait;
  };
  /** How many of `count` calls at that time are admitted. */
  const burst = (now: number, count: number) => {
    let admitted = 0;
    for (let index = 0; index < count; index += 1) if (take(now) === 0) admitted += 1;
    return admitted;
  };
  return {
    meter,
    neighbours: () => [...state.subarray(0, AT), ...state.subarray(AT + meter.cells)],
    take,
    burst,
    remaining: (now: number) => meter.remaining(state, AT, now),
    refund: (now: number, takenAt: number, cost = 1) => meter.refund(state, AT, now, cost, takenAt),
    drain: (now: number, permits: number) => meter.drainTo(state, AT, now, permits),
    wait: (now: number, cost = 1) => meter.wait(state, AT, now, cost),
  };
}

describe('token bucket', () => {
  it('lets the burst through at once and then as many as flow in', () => {
    const { burst } = started(new Gcra(10, 1_000, 5));
    expect([burst(0, 9), burst(100, 9), burst(350, 9), burst(10_000, 9)]).toEqual([5, 1, 2, 5]);
  });

  it('takes fractional costs', () => {
    const { take, remaining } = started(new Gcra(10, 1_000, 1));
    expect([take(0, 0.5), take(0, 0.5), remaining(0)]).toEqual([0, 0, 0]);
    expect(take(0, 0.25)).toBeCloseTo(25, 3);
  });

  it('estimates for more than the burst how long so many take one by one', () => {
    const { wait, burst } = started(new Gcra(10, 1_000, 5));
    expect(wait(0, 8)).toBe(300);
    expect(wait(10_000, 8)).toBe(300);
    burst(10_000, 5);
    expect(wait(10_000, 8)).toBe(800);
  });

  it('gives back a permit taken before others as far as it still weighs', () => {
    const { take, refund, remaining } = started(new Gcra(1, 1_000, 2));
    take(0);
    take(900);
    // Without the first, the bucket would have been full at 900: only what it still lacked then comes back.
    expect(refund(900, 0)).toBeCloseTo(0.1, 6);
    expect(remaining(900)).toBe(1);
    expect(refund(900, 900)).toBe(1);
    expect(remaining(900)).toBe(2);
  });

  it('gives back a permit in full when the bucket was never full since', () => {
    const { burst, take, refund, remaining } = started(new Gcra(1, 1_000, 5));
    burst(0, 3);
    take(10);
    expect(refund(20, 0)).toBe(1);
    expect(remaining(20)).toBe(2);
  });

  it('gives back no more than once what two old permits weigh together', () => {
    const { take, refund } = started(new Gcra(1, 1_000, 3));
    take(0);
    take(0);
    take(1_500);
    expect(refund(1_500, 0)).toBeCloseTo(0.5, 6);
    expect(refund(1_500, 0)).toBe(0);
  });

  it('keeps the time that is owed when the rate changes', () => {
    const { meter, burst, wait } = started(new Gcra(10, 1_000, 5));
    burst(0, 5);
    meter.resize(5);
    expect(wait(0)).toBeCloseTo(0, 6);
    expect(meter.limit).toBe(5);
  });

  it('gives a pacer that was idle only its slack to catch up with', () => {
    const { burst, take } = started(new Gcra(10, 1_000, 3), 1);
    expect([burst(0, 9), burst(10_000, 9), take(10_000)]).toEqual([1, 3, 100]);
  });
});

describe('sliding window', () => {
  it('admits the limit at once and the next when the first is a window old', () => {
    const { burst, take } = started(new SlidingWindow(3, 1_000));
    expect([burst(0, 2), burst(500, 9)]).toEqual([2, 1]);
    expect([take(999), burst(1_000, 9), take(1_000), burst(1_500, 9)]).toEqual([1, 2, 500, 1]);
  });

  it('rounds a fractional cost up', () => {
    const { take, remaining } = started(new SlidingWindow(3, 1_000));
    take(0, 1.5);
    expect(remaining(0)).toBe(1);
  });

  it('tells when a costly call can go: when so many have left', () => {
    const { take, wait } = started(new SlidingWindow(3, 1_000));
    take(0);
    take(100);
    take(200);
    expect([wait(300, 1), wait(300, 2), wait(300, 3), wait(300, 4), wait(300, 6)]).toEqual([
      700, 800, 900, 1_700, 1_900,
    ]);
  });

  it('takes a given permit out of the middle', () => {
    const { take, refund, wait, remaining } = started(new SlidingWindow(3, 1_000));
    take(0);
    take(100);
    take(200);
    expect(refund(250, 100)).toBe(1);
    expect([remaining(250), wait(250, 2)]).toEqual([1, 750]);
    expect(refund(250, 100)).toBe(0);
    take(300);
    expect([wait(300, 1), wait(300, 2), wait(300, 3)]).toEqual([700, 900, 1_000]);
  });

  it('applies a lowered limit to what was taken before', () => {
    const { meter, take, wait } = started(new SlidingWindow(4, 1_000));
    for (const now of [0, 100, 200, 300]) take(now);
    meter.resize(2);
    expect([wait(300), meter.capacity]).toEqual([900, 2]);
    meter.resize(9);
    expect(meter.limit).toBe(4);
    meter.resize(0.2);
    expect(meter.limit).toBe(1);
  });

  it('can be sized for a limit that grows', () => {
    const meter = new SlidingWindow(2, 1_000, 4);
    const { burst } = started(meter);
    meter.resize(4);
    expect(burst(0, 9)).toBe(4);
  });

  it('starts with as many as were left', () => {
    const { burst } = started(new SlidingWindow(5, 1_000), 2);
    expect([burst(0, 9), burst(999, 9), burst(1_000, 9)]).toEqual([2, 0, 5]);
  });

  it('counts what was taken in a future that the clock stepped back from as taken now', () => {
    const { burst, take } = started(new SlidingWindow(2, 1_000));
    take(5_000);
    take(100);
    expect([burst(200, 9), burst(1_099, 9), burst(1_100, 9)]).toEqual([0, 0, 2]);
  });
});

describe('sliding-window counter', () => {
  it('counts the previous window with the share that is still covered', () => {
    const { burst } = started(new SlidingWindowCounter(10, 1_000));
    expect([burst(500, 99), burst(1_000, 99), burst(1_500, 99), burst(2_000, 99)]).toEqual([10, 0, 5, 5]);
  });

  it('forgets what is two windows old', () => {
    const { burst } = started(new SlidingWindowCounter(10, 1_000));
    burst(999, 10);
    expect(burst(2_000, 99)).toBe(10);
  });

  it('waits for the share to slide out, in this window or the next', () => {
    const { burst, wait } = started(new SlidingWindowCounter(10, 1_000));
    burst(0, 10);
    expect([wait(0), wait(0, 5), wait(1_000), wait(1_000, 10)]).toEqual([1_100, 1_500, 100, 1_000]);
    expect(wait(0, 20)).toBe(3_000);
  });

  it('gives back to the window that it was taken from', () => {
    const { take, refund, remaining } = started(new SlidingWindowCounter(10, 1_000));
    take(900, 4);
    take(1_100, 2);
    expect(refund(1_500, 900, 4)).toBe(4);
    expect(remaining(1_500)).toBe(8);
    expect(refund(1_500, 1_100, 2)).toBe(2);
    expect(refund(1_500, 1_100, 2)).toBe(0);
    expect(refund(1_500, 2_600, 2)).toBe(0);
    expect(remaining(1_500)).toBe(10);
  });
});

describe('fixed window', () => {
  it('admits the limit in each aligned window, so twice the limit across a boundary', () => {
    const { burst } = started(new FixedWindow(10, 1_000));
    expect([burst(999, 99), burst(1_000, 99), burst(1_999, 99)]).toEqual([10, 10, 0]);
  });

  it('waits for the next window, or as many as a large cost needs', () => {
    const { burst, wait } = started(new FixedWindow(10, 1_000));
    burst(250, 10);
    expect([wait(250), wait(250, 10), wait(250, 11), wait(250, 21)]).toEqual([750, 750, 1_750, 2_750]);
  });

  it('gives back within the window only, and no more than was taken', () => {
    const { take, refund, remaining } = started(new FixedWindow(10, 1_000));
    take(100, 3);
    expect([refund(200, 100, 5), remaining(200)]).toEqual([3, 10]);
    take(300);
    expect(refund(1_100, 300)).toBe(1);
    take(1_200);
    expect(refund(1_300, 300)).toBe(0);
  });
});

describe('warm-up', () => {
  // 10/s, factor 3: stable interval 100 ms, cold 300 ms; warning 20, max 40 for a warm-up of 4 s.
  const warmUp = () => started(new WarmUp(10, 1_000, 4_000, 3));

  it('starts at the cold interval and ends at the stable one after warmUpMs of use', () => {
    const { take } = warmUp();
    const intervals: number[] = [];
    let now = 0;
    for (let index = 0; index < 40; index += 1) {
      expect(take(now)).toBe(0);
      const wait = take(now);
      intervals.push(wait);
      now += wait;
    }
    expect(intervals[0]).toBeCloseTo(295, 1);
    expect(intervals[10]).toBeCloseTo(195, 1);
    expect(intervals.slice(20).every((interval) => Math.abs(interval - 100) < 0.01)).toBe(true);
    expect(intervals.slice(0, 20).reduce((sum, interval) => sum + interval)).toBeCloseTo(4_000, 0);
  });

  it('cools again while it rests', () => {
    const { take } = warmUp();
    let now = 0;
    for (let index = 0; index < 60; index += 1) now += take(now) || take(now);
    take(now);
    expect(take(now)).toBeCloseTo(100, 1);
    now += 100 + 4_000;
    take(now);
    expect(take(now)).toBeCloseTo(295, 1);
  });

  it('holds the next one up by the cost of the last', () => {
    const { take, wait } = warmUp();
    take(0, 4);
    expect(wait(0)).toBeCloseTo(4 * 300 - (16 / 2) * 10, 0);
    expect(wait(0, 12)).toBeCloseTo(4 * 300 - (16 / 2) * 10 + 200, 0);
  });

  it('gives back the latest only', () => {
    const { take, refund, wait } = warmUp();
    take(0);
    take(400);
    expect(refund(410, 0)).toBe(0);
    expect(refund(410, 400)).toBe(1);
    expect(wait(410)).toBe(0);
    expect(refund(410, 400)).toBe(0);
  });

  it('counts one permit at a time as remaining', () => {
    const { take, remaining } = warmUp();
    expect(remaining(0)).toBe(1);
    take(0);
    expect([remaining(0), remaining(296)]).toEqual([0, 1]);
  });

  it('starts a cold interval late when it starts with nothing', () => {
    const { wait } = started(new WarmUp(10, 1_000, 4_000, 3), 0);
    expect(wait(0)).toBeCloseTo(300, 1);
  });

  it('waits an interval when the server says that nothing is left', () => {
    const { drain, wait } = warmUp();
    drain(0, 1);
    expect(wait(0)).toBe(0);
    drain(0, 0);
    expect(wait(0)).toBeCloseTo(100, 1);
  });
});

describe.each([
  ['gcra', new Gcra(2, 1_000, 2), 2, 1_000, ['gcra', 2, 500, 2 ** -14, 1_000]],
  ['fixed window', new FixedWindow(2, 1_000), 2, 1_000, ['fixed-window', 2, 1_000, 0, 0]],
  ['counter', new SlidingWindowCounter(2, 1_000), 2, 2_000, ['sliding-window-counter', 2, 1_000, 1e-9, 2 ** -10]],
  ['sliding window', new SlidingWindow(2, 1_000, 3), 2, 1_000, ['sliding-window', 2, 1_000, 3, 2 ** -14]],
  ['warm-up', new WarmUp(2, 1_000, 1_000, 3), 2, 4_000, ['warm-up', 2, 1_000, 3, 500, 2 ** -14, 1, 2, 1_000]],
])('%s', (_, meter, capacity, memoryMs, constants) => {
  it('says what it can admit at most, how long it remembers, and what it computes with', () => {
    expect([meter.capacity, meter.memoryMs]).toEqual([capacity, memoryMs]);
    expect(meter.constants).toEqual(constants);
  });

  it('keeps to its own cells', () => {
    const { take, refund, drain, remaining, neighbours } = started(meter);
    for (let now = 0; now < 4_000; now += 90) take(now);
    take(4_000);
    refund(4_000, 4_000);
    drain(4_000, 0);
    remaining(4_000);
    take(100);
    expect(neighbours()).toEqual([-7, -7, -7, -7, -7, -7, -7, -7]);
  });
});

describe('when the clock steps back', () => {
  it('a token bucket is empty and no emptier', () => {
    const { burst, wait, refund } = started(new Gcra(10, 1_000, 5));
    burst(10_000, 5);
    expect(wait(5_000)).toBeCloseTo(100, 3);
    expect([burst(5_099, 9), burst(5_101, 9)]).toEqual([0, 1]);
    expect(refund(5_101, 10_000)).toBe(0);
  });

  it('a token bucket that was full is full', () => {
    const { burst } = started(new Gcra(10, 1_000, 5));
    burst(10_000, 1);
    expect(burst(10_000 - 1, 9)).toBe(3);
  });

  it('a fixed window counts on', () => {
    const { burst, remaining } = started(new FixedWindow(5, 1_000));
    burst(10_000, 3);
    expect([burst(5_000, 9), remaining(5_000), burst(5_999, 9), burst(6_000, 9)]).toEqual([2, 0, 0, 5]);
  });

  it('a sliding-window counter counts on', () => {
    const { burst } = started(new SlidingWindowCounter(4, 1_000));
    burst(9_000, 4);
    burst(10_500, 4);
    expect([burst(5_000, 9), burst(6_000, 9), burst(6_500, 9)]).toEqual([0, 2, 1]);
  });

  it('a sliding window keeps what was taken before the step apart from what was taken after it', () => {
    const { burst, take, wait } = started(new SlidingWindow(3, 1_000));
    take(100);
    take(5_000);
    expect([wait(200, 3), wait(200, 2)]).toEqual([1_000, 900]);
    expect(burst(200, 9)).toBe(1);
  });

  it('a warm-up waits no longer than a whole limit taken cold', () => {
    const { take, wait } = started(new WarmUp(2, 1_000, 1_000, 3));
    take(100_000);
    expect(wait(0)).toBe(3_000);
    expect(wait(1_000)).toBe(2_000);
    expect(take(3_000)).toBe(0);
  });
});

describe('exact edges', () => {
  it('a window is half-open: at its very end the permit is free', () => {
    const { take, refund, remaining } = started(new SlidingWindow(1, 1_000));
    take(0);
    expect([remaining(999), remaining(1_000), refund(1_000, 0), refund(999, 0)]).toEqual([0, 1, 0, 1]);
  });

  it('a sliding window gives back no more permits than were taken at that time', () => {
    const { take, refund, remaining } = started(new SlidingWindow(5, 1_000));
    take(0, 2);
    take(10, 2);
    expect([refund(20, 0, 5), remaining(20)]).toEqual([2, 3]);
    expect([refund(20, 10, 1), remaining(20)]).toEqual([1, 4]);
    expect(refund(20, 5)).toBe(0);
  });

  it('a ring is written round and round', () => {
    const { take, remaining } = started(new SlidingWindow(3, 100));
    for (let now = 0; now < 2_000; now += 50) {
      take(now);
      expect(remaining(now)).toBe(now === 0 ? 2 : 1);
    }
  });

  it('a drained window leaves what is said and no fraction', () => {
    const { drain, remaining } = started(new SlidingWindow(5, 1_000));
    drain(0, 2.7);
    expect(remaining(0)).toBe(2);
    drain(0, -1);
    expect(remaining(0)).toBe(0);
  });

  it('a token bucket drained to more than its burst is left alone', () => {
    const { drain, remaining, wait } = started(new Gcra(10, 1_000, 5), 9);
    drain(0, 9);
    expect([remaining(0), wait(0, 5)]).toEqual([5, 0]);
    drain(0, 2);
    expect([remaining(0), wait(0, 5)]).toEqual([2, 300]);
    drain(100, 3);
    expect(remaining(100)).toBe(3);
  });

  it('a token bucket starts with what it is told, fractions of time included', () => {
    expect(started(new Gcra(10, 1_000, 5), 2).wait(0, 3)).toBe(100);
    expect(started(new Gcra(10, 1_000, 5), 0).wait(0)).toBe(100);
  });

  it('a counter drained to more than is left is left alone', () => {
    const { drain, remaining, burst } = started(new SlidingWindowCounter(10, 1_000));
    burst(500, 6);
    drain(500, 8);
    expect(remaining(500)).toBe(4);
    drain(1_500, 3);
    expect([remaining(1_500), remaining(1_999)]).toEqual([3, 5]);
  });

  it('a fixed window drained to more than is left is left alone', () => {
    const { drain, remaining, burst } = started(new FixedWindow(10, 1_000), 7);
    expect(remaining(0)).toBe(7);
    burst(0, 1);
    drain(0, 8);
    expect(remaining(0)).toBe(6);
    drain(1_000, 4);
    expect([remaining(1_000), remaining(2_000)]).toEqual([4, 10]);
  });

  it('a warm-up drained again waits on, not longer', () => {
    const { drain, wait, take } = started(new WarmUp(10, 1_000, 4_000, 3));
    take(0);
    const busy = wait(0);
    drain(0, 0);
    expect(wait(0)).toBe(busy);
    drain(busy, 0);
    expect(wait(busy)).toBeCloseTo(100, 1);
  });
});

describe('between the steps of the grid', () => {
  // No multiple of 2^-14 ms.
  const NOW = 1_000 + 2 ** -16;

  it('a token bucket gives its whole burst at one instant', () => {
    const { burst, remaining } = started(new Gcra(10, 1_000, 5));
    expect([burst(NOW, 9), remaining(NOW)]).toEqual([5, 0]);
  });

  it('gcra with burst 1 keeps the whole interval after the true instant', () => {
    const { take } = started(new Gcra(10, 1_000, 1));
    take(NOW);
    expect(take(NOW + 99.99999)).toBeGreaterThan(0);
    expect(NOW + take(NOW)).toBeGreaterThanOrEqual(NOW + 100);
    expect(take(NOW + 100 + 2 ** -14)).toBe(0);
  });

  it('a whole burst taken at once, or in parts, comes back in full', () => {
    const { take, refund, remaining } = started(new Gcra(10, 1_000, 5));
    take(NOW, 5);
    expect([refund(NOW, NOW, 5), remaining(NOW + 2 ** -14)]).toEqual([5, 5]);
    take(NOW, 3);
    expect([refund(NOW, NOW, 3), remaining(NOW + 2 ** -14)]).toEqual([3, 5]);
    const parted = started(new Gcra(10, 1_000, 5));
    parted.take(NOW, 5);
    expect([parted.refund(NOW, NOW, 2), parted.remaining(NOW + 2 ** -14)]).toEqual([2, 2]);
  });

  it('a bucket that is all but one rounding error full counts whole permits only', () => {
    const { burst, remaining, wait } = started(new Gcra(10, 1_000, 5));
    burst(NOW, 5);
    expect([remaining(NOW + 99.9999), wait(NOW + 99.9999)]).toEqual([0, expect.closeTo(0, 3)]);
    expect(remaining(NOW + 100.01)).toBe(1);
  });
});

it('a token bucket weighs an old permit by the least backlog met since', () => {
  const { take, refund } = started(new Gcra(1, 1_000, 4));
  for (const now of [0, 900, 910, 920]) take(now);
  expect(refund(920, 0)).toBeCloseTo(0.1, 6);
  const later = started(new Gcra(1, 1_000, 4));
  for (const now of [0, 10, 900]) later.take(now);
  expect(later.refund(900, 0)).toBeCloseTo(0.99, 6);
  expect(later.refund(900, 10)).toBe(0);
});

describe('to the last digit', () => {
  it('a permit that lacks less than the division can tell is none', () => {
    const { burst, remaining } = started(new Gcra(10, 1_000, 5));
    burst(1_000, 5);
    expect([remaining(1_100 - 5e-8), remaining(1_100)]).toEqual([0, 1]);
  });

  it('fast rates have finer steps', () => {
    expect(new Gcra(1_000_000, 1_000, 1).constants).toEqual(['gcra', 1, 1_049 * 2 ** -20, 2 ** -20, 1_049 * 2 ** -20]);
    expect(new WarmUp(1_000_000, 1_000, 1_000, 3).constants.slice(4, 6)).toEqual([1_049 * 2 ** -20, 2 ** -20]);
  });

  it('what an old permit weighs is counted once, however many of them come back', () => {
    const { take, refund } = started(new Gcra(1, 1_000, 4));
    for (const now of [0, 0, 1_200]) take(now);
    // The backlog met at 1,200 was 800.
    expect(refund(1_200, 0)).toBeCloseTo(0.8, 6);
    const parts = started(new Gcra(1, 1_000, 4));
    for (const now of [0, 0, 1_200]) parts.take(now, now === 0 ? 1 : 1);
    expect([parts.refund(1_200, 0, 0.5), parts.refund(1_200, 0, 0.5)]).toEqual([0.5, expect.closeTo(0.3, 6)]);
  });

  it('a warm-up starts at once with one permit', () => {
    expect(started(new WarmUp(10, 1_000, 4_000, 3), 1).wait(0)).toBe(0);
  });

  it('a warm-up is as cold after a refund as before the permit', () => {
    const { take, refund, wait } = started(new WarmUp(10, 1_000, 4_000, 3));
    take(0);
    refund(10, 0);
    take(10);
    expect(wait(10)).toBeCloseTo(295, 1);
    refund(10, 10);
    take(10, 3);
    refund(10, 10, 3);
    take(10);
    expect(wait(10)).toBeCloseTo(295, 1);
  });

  it('a warm-up cools in proportion to its rest', () => {
    const rested = (ms: number) => {
      const { take, wait } = started(new WarmUp(10, 1_000, 4_000, 3));
      let now = 0;
      for (let index = 0; index < 60; index += 1) {
        now += wait(now);
        take(now);
      }
      now += wait(now) + ms;
      take(now);
      return wait(now);
    };
    expect(rested(2_000)).toBeCloseTo(100, 1);
    expect(rested(3_000)).toBeCloseTo(195, 0);
    expect(rested(40_000)).toBeCloseTo(295, 1);
  });
});
