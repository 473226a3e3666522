import { classify } from '../core/classification/classify.js';
import { parseOptions } from '../core/options.js';
import type { LoadBalancerOptions } from './load-balancer.options.js';
import { loadBalancerOptions } from './load-balancer.options.js';

const parse = (given: unknown) => parseOptions(loadBalancerOptions, given, 'balancer');

test('everything has a default', () => {
  expect(parse({})).toEqual({
    strategy: 'weighted-round-robin',
    endpoints: [],
    maxEndpoints: 1_000,
    panicThreshold: 0.5,
    overprovisioning: 1.4,
    latency: { decayMs: 10_000, failurePenaltyMs: 5_000, maxPenaltyMs: 300_000 },
    passiveHealth: {
      consecutiveFailures: 5,
      splitLocalErrors: false,
      consecutiveLocalFailures: 5,
      intervalMs: 10_000,
      baseEjectionMs: 30_000,
      maxEjectionMs: 300_000,
      ejectionJitter: 0.1,
      maxEjectedShare: 0.5,
      successRate: false,
      failurePercentage: false,
    },
    maxRestMs: 259_200_000,
    classify,
  });
});

test('the parts that are off have defaults once they are on', () => {
  const on: LoadBalancerOptions = {
    endpoints: [{ id: 'a' }],
    passiveHealth: { successRate: {}, failurePercentage: {} },
    slowStart: { windowMs: 1 },
    healthCheck: {},
    discovery: { dns: { name: 'n' } },
    adaptiveWeights: {},
    scaling: {},
  };
  expect(parse(on)).toMatchObject({
    endpoints: [{ id: 'a', weight: 1, priority: 0 }],
    passiveHealth: {
      successRate: { minEndpoints: 5, minCalls: 100, deviations: 1.9 },
      failurePercentage: { threshold: 0.85, minEndpoints: 5, minCalls: 50 },
    },
    slowStart: { windowMs: 1, aggression: 1, minWeightShare: 0.1 },
    healthCheck: {
      probe: 'http',
      path: '/health',
      intervalMs: 30_000,
      timeoutMs: 5_000,
      jitter: 0.1,
      healthyThreshold: 1,
      unhealthyThreshold: 2,
    },
    discovery: {
      dns: { name: 'n', type: 'A', scheme: 'http' },
      refreshMs: 30_000,
      minRefreshMs: 1_000,
      maxRefreshMs: 300_000,
      timeoutMs: 5_000,
      jitter: 0.1,
      allowEmpty: false,
    },
    adaptiveWeights: { intervalMs: 5_000, minFactor: 0.1, maxFactor: 2, smoothing: 0.5 },
    scaling: {
      min: 1,
      max: 10,
      capacity: 10,
      targetUtilization: 0.7,
      tolerance: 0.1,
      intervalMs: 10_000,
      upCooldownMs: 30_000,
      downCooldownMs: 120_000,
      stabilizationMs: 120_000,
      maxStep: 10,
    },
  });
});

test('presets give defaults by purpose, which options of one’s own override', () => {
  expect(parse({ preset: 'adaptive' })).toMatchObject({ strategy: 'adaptive', maxEndpoints: 1_000 });
  expect(parse({ preset: 'adaptive' })).not.toHaveProperty('healthCheck.intervalMs');
  expect(parse({ preset: 'health_aware' })).toMatchObject({
    strategy: 'health-aware',
    maxEndpoints: 10,
    healthCheck: { intervalMs: 30_000, timeoutMs: 5_000 },
    scaling: { max: 10 },
  });
  expect(
    parse({
      preset: 'health_aware',
      strategy: 'random',
      maxEndpoints: 3,
      healthCheck: { intervalMs: 1 },
      scaling: { max: 4 },
    }),
  ).toMatchObject({ strategy: 'random', maxEndpoints: 3, healthCheck: { intervalMs: 1 }, scaling: { max: 4 } });
});

test('passive health can be off', () => {
  expect(parse({ passiveHealth: false }).passiveHealth).toBe(false);
});

test('a strategy of one’s own is taken as it is', () => {
  const strategy = { name: 'mine', latency: 'none', errorRate: false, createPicker: () => ({}) };
  expect(parse({ strategy }).strategy).toBe(strategy);
});

test('everything wrong is told at once, with place, rule and value', () => {
  const wrong = {
    strategy: 'fastest',
    endpoints: [{ id: 'a', weight: 0 }, { id: 'a', priority: 128 }, { id: '' }, { id: 'b', port: 1 }],
    maxEndpoints: 0,
    maxInFlight: 0,
    panicThreshold: 2,
    overprovisioning: 0.5,
    latency: { decayMs: 0, failurePenaltyMs: -1 },
    passiveHealth: { maxEjectedShare: 1.5, consecutiveFailures: 0 },
    circuitBreaker: 'yes',
    classify: 'no',
    healthCheck: { probe: 'udp', path: 'health' },
    discovery: {},
    scaling: { min: 5, max: 2, provisioner: {} },
    unknown: 1,
  };
  let message = '';
  try {
    parse(wrong);
  } catch (error) {
    ({ message } = error as Error);
  }
  for (const line of [
    'balancer.strategy: ',
    'balancer.endpoints.0.weight: must be more than 0; got 0',
    'balancer.endpoints.1.priority: must be at most 127; got 128',
    "balancer.endpoints.2.id: must not be empty; got ''",
    'balancer.endpoints.3.port: is not an option; got 1',
    'balancer.maxEndpoints: must be more than 0; got 0',
    'balancer.maxInFlight: must be more than 0; got 0',
    'balancer.panicThreshold: must be at most 1; got 2',
    'balancer.overprovisioning: must be at least 1; got 0.5',
    'balancer.latency.decayMs: must be more than 0; got 0',
    'balancer.latency.failurePenaltyMs: must be at least 0; got -1',
    'balancer.passiveHealth.maxEjectedShare: must be at most 1; got 1.5',
    'balancer.passiveHealth.consecutiveFailures: must be more than 0; got 0',
    "balancer.circuitBreaker: must be the options of a circuit breaker; got 'yes'",
    "balancer.classify: must be a function; got 'no'",
    "balancer.healthCheck.path: must start with '/'; got 'health'",
    'balancer.discovery: must have either dns or find; got {}',
    'balancer.scaling.provisioner: must have the functions start and stop; got {}',
    'balancer.unknown: is not an option; got 1',
  ]) {
    expect(message).toContain(line);
  }
});

test.each([
  [{ scaling: { min: 5, max: 2 } }, 'balancer.scaling.min: must not be above max; got 5'],
  [{ endpoints: [{ id: 'a' }, { id: 'a' }] }, "balancer.endpoints.1.id: must be unique within the balancer; got 'a'"],
  [{ discovery: { find: () => [], dns: { name: 'n' } } }, 'balancer.discovery: must have either dns or find'],
  [{ strategy: {} }, 'balancer.strategy'],
  [{ rateLimit: 1 }, 'balancer.rateLimit: must be the options of a rate limiter; got 1'],
  [{ circuitBreaker: null }, 'balancer.circuitBreaker: must be the options of a circuit breaker; got null'],
])('%j is refused', (given, problem) => {
  expect(() => parse(given)).toThrow(problem);
});
