import type { ScalingSignals, ScalingTargets } from './scaling-advice.js';
import { ScalingAdvisor, wantedEndpoints } from './scaling-advice.js';

const targets: ScalingTargets = {
  min: 1,
  max: 20,
  capacity: 10,
  targetUtilization: 0.5,
  tolerance: 0.1,
  upCooldownMs: 30_000,
  downCooldownMs: 60_000,
  stabilizationMs: 100_000,
  maxStep: 5,
};
const signals = (given: Partial<ScalingSignals>): ScalingSignals => ({
  current: 4,
  inFlight: 20,
  queued: 0,
  latencyMs: 0,
  ...given,
});

describe('wanted', () => {
  test.each([
    [20, 4, 'utilization'],
    [22, 4, 'utilization'],
    [22.1, 5, 'utilization'],
    [18, 4, 'utilization'],
    [17.9, 4, 'utilization'],
    [14, 3, 'utilization'],
    [50, 10, 'utilization'],
    [500, 20, 'bounds'],
    [0, 1, 'bounds'],
  ])('%d calls under way ask for %d endpoints because of %s', (inFlight, desired, cause) => {
    expect(wantedEndpoints(signals({ inFlight }), targets)).toEqual({ desired, cause });
  });

  test('calls that wait count as if they were under way', () => {
    expect(wantedEndpoints(signals({ queued: 11 }), targets)).toEqual({ desired: 7, cause: 'queue' });
    expect(wantedEndpoints(signals({ queued: 0 }), targets)).toEqual({ desired: 4, cause: 'utilization' });
  });

  test('latency above its target asks for more, below it for nothing', () => {
    const latency = { ...targets, targetLatencyMs: 100 };
    expect(wantedEndpoints(signals({ latencyMs: 200 }), latency)).toEqual({ desired: 8, cause: 'latency' });
    expect(wantedEndpoints(signals({ latencyMs: 105 }), latency)).toEqual({ desired: 4, cause: 'utilization' });
    expect(wantedEndpoints(signals({ latencyMs: 10 }), latency)).toEqual({ desired: 4, cause: 'utilization' });
    expect(wantedEndpoints(signals({ latencyMs: 0 }), latency)).toEqual({ desired: 4, cause: 'utilization' });
    expect(wantedEndpoints(signals({ latencyMs: 200 }), targets)).toEqual({ desired: 4, cause: 'utilization' });
    expect(wantedEndpoints(signals({ latencyMs: 10, inFlight: 0 }), latency)).toEqual({ desired: 1, cause: 'bounds' });
  });

  test('the largest wish wins', () => {
    const latency = { ...targets, targetLatencyMs: 100 };
    expect(wantedEndpoints(signals({ inFlight: 40, queued: 20, latencyMs: 150 }), latency)).toEqual({
      desired: 12,
      cause: 'queue',
    });
  });
});

describe('steps', () => {
  const inFlightFor = (endpoints: number) => endpoints * 5;
  const advise = (advisor: ScalingAdvisor, current: number, wanted: number, now: number) =>
    advisor.advise(signals({ current, inFlight: inFlightFor(wanted) }), now).desired;

  test('up at once, by no more than the largest step, and again after the cool-down', () => {
    const advisor = new ScalingAdvisor(targets, 0);
    expect(advise(advisor, 4, 12, 0)).toBe(9);
    expect(advise(advisor, 9, 12, 29_999)).toBe(9);
    expect(advise(advisor, 9, 12, 30_000)).toBe(12);
  });

  test('down not before the cool-down after the start', () => {
    const advisor = new ScalingAdvisor({ ...targets, stabilizationMs: 0 }, 1_000);
    expect(advise(advisor, 4, 2, 60_999)).toBe(4);
    expect(advise(advisor, 4, 2, 61_000)).toBe(2);
    expect(advise(advisor, 2, 1, 120_999)).toBe(2);
    expect(advise(advisor, 2, 1, 121_000)).toBe(1);
  });

  test('down only to the most that was wanted within the stabilisation time', () => {
    const advisor = new ScalingAdvisor({ ...targets, downCooldownMs: 0 }, 0);
    expect(advise(advisor, 10, 8, 0)).toBe(8);
    expect(advise(advisor, 8, 6, 50_000)).toBe(8);
    expect(advise(advisor, 8, 2, 99_999)).toBe(8);
    expect(advise(advisor, 8, 2, 100_000)).toBe(6);
    expect(advise(advisor, 6, 2, 150_000)).toBe(2);
  });

  test('down by no more than the largest step', () => {
    const advisor = new ScalingAdvisor({ ...targets, downCooldownMs: 0, stabilizationMs: 0 }, 0);
    expect(advise(advisor, 12, 2, 0)).toBe(7);
    expect(advise(advisor, 7, 2, 1)).toBe(2);
  });

  test('a step up starts the cool-down of steps down anew', () => {
    const advisor = new ScalingAdvisor({ ...targets, stabilizationMs: 0 }, 0);
    expect(advise(advisor, 4, 8, 50_000)).toBe(8);
    expect(advise(advisor, 8, 4, 109_999)).toBe(8);
    expect(advise(advisor, 8, 4, 110_000)).toBe(4);
  });

  test('a step down does not delay one up', () => {
    const advisor = new ScalingAdvisor({ ...targets, downCooldownMs: 0, stabilizationMs: 0 }, 0);
    expect(advise(advisor, 8, 4, 0)).toBe(4);
    expect(advise(advisor, 4, 8, 1)).toBe(8);
  });

  test('load that goes up and down within the stabilisation time changes nothing', () => {
    const advisor = new ScalingAdvisor(targets, 0);
    let current = 8;
    const sizes = [];
    for (let now = 0; now < 1_000_000; now += 10_000) {
      current = advise(advisor, current, (now / 10_000) % 5 === 0 ? 8 : 2, now);
      sizes.push(current);
    }
    expect(new Set(sizes)).toEqual(new Set([8]));
  });

  test('outside the bounds it goes to the nearest bound at once', () => {
    const advisor = new ScalingAdvisor(targets, 0);
    expect(advisor.advise(signals({ current: 0, inFlight: 0 }), 0)).toEqual({ desired: 1, cause: 'bounds' });
    expect(advisor.advise(signals({ current: 30, inFlight: 500 }), 1)).toEqual({ desired: 20, cause: 'bounds' });
  });
});
