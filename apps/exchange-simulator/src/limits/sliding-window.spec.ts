import { assert, array, integer, property } from 'fast-check';
import { SlidingWindow } from './sliding-window.js';

describe('SlidingWindow', () => {
  it('admits exactly the limit, refuses the next, and admits again when the first is a whole window old', () => {
    const window = new SlidingWindow(10, 2_000);
    const first = Array.from({ length: 10 }, (_, i) => window.charge(1, 1_000 + i).admitted);
    expect(first).toEqual(Array.from({ length: 10 }, () => true));
    expect(window.charge(1, 1_500)).toEqual({ admitted: false, used: 10, retryAfterMs: 1_500 });
    expect(window.charge(1, 2_999)).toEqual({ admitted: false, used: 10, retryAfterMs: 1 });
    expect(window.charge(1, 3_000)).toEqual({ admitted: true, used: 10, retryAfterMs: 0 });
    expect(window.charge(1, 3_000).admitted).toBe(false);
  });

  it('counts weights: 240 requests of weight 10 fill 2,400 per minute', () => {
    const window = new SlidingWindow(2_400, 60_000);
    for (let i = 0; i < 240; i += 1) expect(window.charge(10, i).admitted).toBe(true);
    expect(window.charge(1, 300)).toEqual({ admitted: false, used: 2_400, retryAfterMs: 59_700 });
  });

  it('lets weight added afterwards hold off the next request', () => {
    const window = new SlidingWindow(20, 1_000);
    window.charge(20, 0);
    window.add(5, 0);
    expect(window.charge(1, 999)).toEqual({ admitted: false, used: 25, retryAfterMs: 1 });
    expect(window.charge(1, 1_000).admitted).toBe(true);
  });

  it('never admits more than the limit in any window, for any arrivals', () => {
    const arrivals = array(integer({ min: 0, max: 50 }), { maxLength: 200 });
    assert(
      property(integer({ min: 1, max: 8 }), integer({ min: 1, max: 200 }), arrivals, (limit, windowMs, gaps) => {
        const window = new SlidingWindow(limit, windowMs);
        const admitted: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          if (window.charge(1, now).admitted) admitted.push(now);
        }
        for (const end of admitted) {
          const inside = admitted.filter((time) => time > end - windowMs && time <= end);
          expect(inside.length).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });
});
