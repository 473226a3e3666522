import fc from 'fast-check';
import { AdaptiveDelay } from './adaptive-delay.js';

const OPTIONS = { baseMs: 100, capMs: 1_600, target: 0.7, memoryMs: 10_000 };
const learner = (options: Partial<typeof OPTIONS> = {}) => new AdaptiveDelay({ ...OPTIONS, ...options });

describe('the learned delay', () => {
  it('is the shortest while nothing is known', () => {
    expect(learner().delayMs(0)).toBe(100);
  });

  it('grows one step with each failure at the delay in use, up to the cap', () => {
    const delay = learner();
    const used: number[] = [];
    for (let failure = 0; failure < 6; failure += 1) {
      used.push(delay.delayMs(0));
      delay.record(delay.delayMs(0), false, 0);
    }
    expect(used).toEqual([100, 200, 400, 800, 1_600, 1_600]);
  });

  it('stays where enough repetitions succeed', () => {
    const delay = learner();
    delay.record(100, false, 0);
    for (let success = 0; success < 20; success += 1) delay.record(200, true, 0);
    expect(delay.delayMs(0)).toBe(200);
  });

  it('counts a success for every longer delay and a failure against every shorter one', () => {
    const short = learner();
    short.record(1_600, false, 0);
    expect(short.delayMs(0)).toBe(1_600);
    const long = learner();
    long.record(400, false, 0);
    for (let success = 0; success < 3; success += 1) long.record(100, true, 0);
    expect(long.delayMs(0)).toBe(100);
  });

  it('reaches its target exactly: (1 + 6) / (1 + 6 + 3) is 0.7', () => {
    const delay = learner();
    for (let failure = 0; failure < 3; failure += 1) delay.record(100, false, 0);
    for (let success = 0; success < 5; success += 1) delay.record(100, true, 0);
    expect(delay.delayMs(0)).toBe(200);
    delay.record(100, true, 0);
    expect(delay.delayMs(0)).toBe(100);
  });

  it('tries a shorter delay again as the memory of its failure fades', () => {
    const delay = learner();
    delay.record(100, false, 0);
    expect(delay.delayMs(10_000)).toBe(200);
    expect(delay.delayMs(12_000)).toBe(200);
    expect(delay.delayMs(12_500)).toBe(100);
  });

  it('forgets successes too', () => {
    const delay = learner();
    for (let success = 0; success < 20; success += 1) delay.record(100, true, 0);
    delay.record(100, false, 100_000);
    expect(delay.delayMs(100_000)).toBe(200);
  });

  it('is the cap however far beyond it repetitions failed', () => {
    const delay = learner();
    delay.record(1e300, false, 0);
    expect(delay.delayMs(0)).toBe(1_600);
  });

  it('counts delays that jitter moved for the nearest step', () => {
    const delay = learner();
    delay.record(230, false, 0);
    expect(delay.delayMs(0)).toBe(400);
    delay.record(1_000_000, false, 0);
    expect(delay.delayMs(0)).toBe(1_600);
  });

  it('is at least what the other side last asked for, until that is forgotten', () => {
    const delay = learner();
    delay.asked(700, 1_000);
    expect([delay.delayMs(1_000), delay.delayMs(10_999), delay.delayMs(11_000)]).toEqual([700, 700, 100]);
    delay.asked(1e9, 12_000);
    expect(delay.delayMs(12_000)).toBe(1_600);
  });

  it('begins at 1 ms where the base is 0', () => {
    const delay = learner({ baseMs: 0, capMs: 4 });
    expect(delay.delayMs(0)).toBe(1);
    delay.record(0, false, 0);
    expect(delay.delayMs(0)).toBe(2);
  });

  it('is the base where the cap leaves no other, and the cap where that is less', () => {
    const same = learner({ capMs: 100 });
    same.record(100, false, 0);
    expect(same.delayMs(0)).toBe(100);
    expect(learner({ capMs: 50 }).delayMs(0)).toBe(50);
  });

  it('lies between base and cap whatever happens', () => {
    const event = fc.record({
      delay: fc.double({ min: 0, max: 1e7, noNaN: true }),
      ok: fc.boolean(),
      after: fc.integer({ min: 0, max: 1e7 }),
      asked: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 50 }), (events) => {
        const delay = learner();
        let now = 0;
        return events.every(({ delay: used, ok, after, asked }) => {
          now += after;
          delay.record(used, ok, now);
          if (asked !== null) delay.asked(asked, now);
          const learned = delay.delayMs(now);
          return learned >= 100 && learned <= 1_600;
        });
      }),
    );
  });
});
