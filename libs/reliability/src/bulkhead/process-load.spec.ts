import { ManualClock } from '../testing/index.js';
import { ProcessLoad, readHeapShare } from './process-load.js';

describe('ProcessLoad', () => {
  it.each([
    { limits: { heapShare: 0.5 }, expected: 0.8 },
    { limits: { eventLoopDelayMs: 20 }, expected: 1.5 },
    { limits: { eventLoopDelayMs: 20, heapShare: 0.5 }, expected: 1.5 },
    { limits: { eventLoopDelayMs: 60, heapShare: 0.5 }, expected: 0.8 },
    { limits: {}, expected: 0 },
  ])(
    'is the worst of what is limited: $expected by $limits, 30 ms late at 40 % of the heap',
    ({ limits, expected }) => {
      const load = new ProcessLoad(new ManualClock(), () => 0.4);
      load.relativeTo(limits, 0);
      expect(load.relativeTo(limits, 80)).toBeCloseTo(expected, 12);
      expect(load.inspect(80)).toEqual({ eventLoopDelayMs: 30, heapShare: 0.4 });
    },
  );

  it('reads the heap now and then, not each time it is asked', () => {
    const clock = new ManualClock();
    const read = jest.fn(() => 0.4);
    const load = new ProcessLoad(clock, read);
    for (let count = 0; count < 1_000; count += 1) load.relativeTo({ heapShare: 0.8 }, 0);
    expect(read).toHaveBeenCalledTimes(1);
    clock.advance(50);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('reads a share of the heap', () => {
    expect(readHeapShare()).toBeGreaterThan(0);
    expect(readHeapShare()).toBeLessThan(1);
  });
});
