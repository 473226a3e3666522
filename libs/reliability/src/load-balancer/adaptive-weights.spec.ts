import { adaptWeights } from './adaptive-weights.js';

const bounds = { minFactor: 0.2, maxFactor: 2, smoothing: 1 };
const instance = (costMs: number, errorRate = 0, weightFactor = 1) => ({
  ref: { id: 'x', target: undefined },
  inFlight: 0,
  weightFactor,
  costMs: () => costMs,
  failureShadow: () => 0,
  errorRate: () => errorRate,
  weightAt: () => 1,
});
const factorsOf = (instances: ReturnType<typeof instance>[], given = bounds) => {
  adaptWeights(instances, given, 0);
  return instances.map(({ weightFactor }) => Number(weightFactor.toFixed(6)));
};

test('weights go against latency, relative to the mean of all', () => {
  expect(factorsOf([instance(10), instance(20), instance(30)])).toEqual([2, 1, 0.666667]);
});

test('and with the square of the share of calls that succeed', () => {
  expect(factorsOf([instance(10), instance(10, 0.5)])).toEqual([1, 0.25]);
});

test('within bounds', () => {
  expect(factorsOf([instance(1), instance(199)])).toEqual([2, 0.502513]);
  expect(factorsOf([instance(10, 0.9), instance(10)])).toEqual([0.2, 1]);
});

test('by part of the way each time', () => {
  expect(factorsOf([instance(10), instance(30)], { ...bounds, smoothing: 0.5 })).toEqual([1.5, 0.833333]);
});

test('what is not measured moves back to 1 and has no part in the mean', () => {
  expect(factorsOf([instance(0, 0, 0.4), instance(10), instance(10)], { ...bounds, smoothing: 0.5 })).toEqual([
    0.7, 1, 1,
  ]);
  expect(factorsOf([instance(0, 0, 2)])).toEqual([1]);
});
