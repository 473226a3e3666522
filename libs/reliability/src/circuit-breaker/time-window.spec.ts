import * as fc from 'fast-check';
import { CountWindow } from './count-window.js';
import { SLICE_COUNT, TimeWindow, TimeWindows } from './time-window.js';

const totals = ({ calls, failures, slow }: TimeWindow) => [calls, failures, slow];

describe('TimeWindow', () => {
  it('counts calls, failures and slow calls, which may be both', () => {
    const window = new TimeWindow(3);
    window.record(false, false, 3);
    window.record(true, false, 3);
    window.record(false, true, 3);
    window.record(true, true, 3);
    expect(totals(window)).toEqual([4, 2, 2]);
  });

  it('forgets a slice when the tenth after it begins, and no other', () => {
    const window = new TimeWindow(0);
    window.record(true, false, 0);
    window.record(true, true, 1);
    window.record(false, false, 9);
    window.expire(9);
    expect(totals(window)).toEqual([3, 2, 1]);
    window.expire(10);
    expect(totals(window)).toEqual([2, 1, 1]);
    window.expire(11);
    expect(totals(window)).toEqual([1, 0, 0]);
    window.expire(19);
    expect(totals(window)).toEqual([0, 0, 0]);
  });

  it('forgets everything over a gap, whichever multiple of the window it is', () => {
    for (const gap of [10, 11, 20, 25, 1e15]) {
      const window = new TimeWindow(0);
      window.record(true, true, 0);
      window.record(true, true, 4);
      window.record(true, false, 4 + gap);
      expect(totals(window)).toEqual([1, 1, 0]);
    }
  });

  it('counts a slice number that steps back into the latest slice', () => {
    const window = new TimeWindow(5);
    window.record(false, false, 5);
    window.record(true, false, 7);
    window.record(true, false, 2);
    expect(totals(window)).toEqual([3, 2, 0]);
    window.expire(2);
    window.expire(16);
    expect(totals(window)).toEqual([2, 2, 0]);
    window.expire(17);
    expect(totals(window)).toEqual([0, 0, 0]);
  });

  it('counts what a list of the last ten slices counts', () => {
    const step = fc.record({ failed: fc.boolean(), slow: fc.boolean(), gap: fc.nat({ max: 13 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat({ max: 12 }), (steps, wait) => {
        const window = new TimeWindow(0);
        const log: { slice: number; failed: boolean; slow: boolean }[] = [];
        let slice = 0;
        for (const { failed, slow, gap } of steps) {
          slice += gap;
          window.record(failed, slow, slice);
          log.push({ slice, failed, slow });
        }
        slice += wait;
        window.expire(slice);
        const counted = log.filter((outcome) => outcome.slice > slice - SLICE_COUNT);
        expect(totals(window)).toEqual([
          counted.length,
          counted.filter(({ failed }) => failed).length,
          counted.filter(({ slow }) => slow).length,
        ]);
      }),
    );
  });
});

describe('TimeWindows', () => {
  it.each([
    [0, 0],
    [99.9, 0],
    [100, 1],
    [1_000, 10],
    [12_345, 123],
  ])('of one second puts %d ms into slice %d', (now, slice) => {
    expect(new TimeWindows(1_000).sliceOf(now)).toBe(slice);
  });

  it('creates an empty window at a slice', () => {
    const window = new TimeWindows(1_000).create(4);
    expect(totals(window)).toEqual([0, 0, 0]);
    window.record(true, false, 4);
    window.expire(14);
    expect(totals(window)).toEqual([0, 0, 0]);
  });

  it('takes over the totals of another window as just recorded', () => {
    const old = new CountWindow(5);
    old.record(true, false);
    old.record(false, true);
    old.record(false, true);
    const window = new TimeWindows(1_000).convert(old, 7);
    expect(totals(window)).toEqual([3, 1, 2]);
    window.expire(16);
    expect(totals(window)).toEqual([3, 1, 2]);
    window.expire(17);
    expect(totals(window)).toEqual([0, 0, 0]);
  });
});
