import fc from 'fast-check';
import { LineLimit } from './line-limit.js';

describe('a limit of identical lines', () => {
  it('lets a line through a number of times per window, which begins with the line', () => {
    const limit = new LineLimit({ lines: 2, windowMs: 1_000 });
    expect([0, 10, 20, 30].map((at) => limit.admit('down', 500 + at))).toEqual([
      true,
      true,
      { until: 1_500, first: true },
      { until: 1_500, first: false },
    ]);
    expect(limit.admit('up', 530)).toBe(true);
    expect(limit.takeLeftOut('down')).toBe(2);
    expect(limit.takeLeftOut('down')).toBe(0);
    expect(limit.admit('down', 1_499)).toEqual({ until: 1_500, first: true });
    expect(limit.admit('down', 1_500)).toBe(true);
  });

  it('writes every line or counts it, and never more than its share', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 400 })), { maxLength: 200 }),
        (lines, calls) => {
          const limit = new LineLimit({ lines, windowMs: 1_000 });
          const written: Record<string, number[]> = {};
          let now = 0;
          let leftOut = 0;
          for (const [line, pause] of calls) {
            now += pause;
            if (limit.admit(line, now) === true) (written[line] ??= []).push(now);
            else leftOut += 1;
          }
          const times = Object.values(written);
          expect(times.flat().length + leftOut).toBe(calls.length);
          // Two windows touch each other: in any stretch as long as one there are at most two windows' worth.
          for (const at of times) {
            for (const from of at) {
              expect(at.filter((time) => time >= from && time < from + 1_000).length).toBeLessThanOrEqual(2 * lines);
            }
          }
        },
      ),
    );
  });

  it('forgets the oldest line rather than remember more than 1,000', () => {
    const limit = new LineLimit({ lines: 1, windowMs: 1_000 });
    for (let index = 0; index <= 1_000; index += 1) expect(limit.admit(`line ${index}`, 0)).toBe(true);
    expect(limit.admit('line 0', 1)).toBe(true);
    expect(limit.admit('line 1000', 1)).not.toBe(true);
  });
});
