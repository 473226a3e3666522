import * as fc from 'fast-check';
import { CountWindow, CountWindows } from './count-window.js';
import { TimeWindow } from './time-window.js';

const totals = ({ calls, failures, slow }: CountWindow) => [calls, failures, slow];

function filled(size: number, outcomes: readonly (readonly [boolean, boolean])[]) {
  const window = new CountWindow(size);
  for (const [failed, slow] of outcomes) window.record(failed, slow);
  return window;
}

describe('CountWindow', () => {
  it('counts the last outcomes and no others', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 30 }),
        (size, outcomes) => {
          const last = outcomes.slice(-size);
          expect(totals(filled(size, outcomes))).toEqual([
            last.length,
            last.filter(([failed]) => failed).length,
            last.filter(([, slow]) => slow).length,
          ]);
        },
      ),
    );
  });

  it('forgets nothing by time', () => {
    const window = filled(3, [[true, true]]);
    window.expire();
    expect(totals(window)).toEqual([1, 1, 1]);
  });

  it('keeps the latest outcomes, in order, when it is resized', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 20 }),
        fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 6 }),
        (size, newSize, before, after) => {
          const resized = filled(size, before).resized(newSize);
          for (const [failed, slow] of after) resized.record(failed, slow);
          expect(totals(resized)).toEqual(totals(filled(newSize, [...before.slice(-size), ...after])));
        },
      ),
    );
  });
});

describe('CountWindows', () => {
  const kind = new CountWindows(2);

  it('knows no slices', () => {
    expect(kind.sliceOf()).toBe(0);
  });

  it('creates empty windows of its size', () => {
    const window = kind.create();
    expect(totals(window)).toEqual([0, 0, 0]);
    for (let calls = 0; calls < 5; calls += 1) window.record(true, false);
    expect(totals(window)).toEqual([2, 2, 0]);
  });

  it('resizes windows of its kind and begins anew after windows of time', () => {
    expect(
      totals(
        kind.convert(
          filled(3, [
            [true, false],
            [false, true],
            [true, true],
          ]),
        ),
      ),
    ).toEqual([2, 1, 2]);
    const time = new TimeWindow(0);
    time.record(true, true, 0);
    expect(totals(kind.convert(time))).toEqual([0, 0, 0]);
  });
});
