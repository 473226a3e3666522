import { z } from 'zod';
import { classify } from '../core/classification/classify.js';
import type { Classification, Classify } from '../core/error-class.js';
import { durationMs, positiveCount, ratio } from '../core/options.js';
import type { Discover } from './discover.js';
import type { HealthProbe } from './health-probe.js';
import type { Strategy } from './picker.js';
import type { Provisioner } from './provisioner.js';
import { STRATEGY_NAMES } from './strategies.js';

const isFunction = (value: unknown) => typeof value === 'function';
const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const weight = () => z.number().positive().max(1e6);

/** One endpoint as configured. */
export const endpointOptions = z
  .strictObject({
    id: z.string().min(1).max(200).describe('Unique within the balancer.'),
    url: z.string().min(1).optional().describe('Where it is, when an address says it all.'),
    target: z.unknown().optional().describe('What the method needs to reach it: a client, a function, a shard.'),
    weight: weight()
      .default(1)
      .describe('Share of calls relative to the others; above 0, at most 1,000,000; default 1.'),
    zone: z.string().min(1).optional().describe('Where it stands: endpoints in the zone of the caller come first.'),
    priority: z.int().min(0).max(127).default(0).describe('0 is used first; higher levels take what it cannot carry.'),
  })
  .describe('One endpoint.');

/** One endpoint: `id`, and what is needed to reach it. */
export type EndpointOptions = z.input<typeof endpointOptions>;
export type ResolvedEndpointOptions = z.output<typeof endpointOptions>;

export const endpointList = z.array(endpointOptions).superRefine((endpoints, context) => {
  const seen = new Set<string>();
  for (const [index, { id }] of endpoints.entries()) {
    if (seen.has(id)) {
      context.addIssue({ code: 'custom', path: [index, 'id'], message: 'must be unique within the balancer' });
    }
    seen.add(id);
  }
});

export const passiveHealthOptions = z.strictObject({
  consecutiveFailures: positiveCount()
    .default(5)
    .describe('Failures in a row that eject; with splitLocalErrors only those that the endpoint answered.'),
  splitLocalErrors: z
    .boolean()
    .default(false)
    .describe('Judge errors of the way there (refused, broken, no answer in time) apart from errors it answered.'),
  consecutiveLocalFailures: positiveCount()
    .default(5)
    .describe('Failures in a row without an answer that eject; only with splitLocalErrors.'),
  intervalMs: durationMs()
    .default(10_000)
    .describe('Time between two comparisons of all endpoints, ms; default 10,000.'),
  baseEjectionMs: durationMs()
    .default(30_000)
    .describe('Ejection lasts this times the number of ejections lately, ms; default 30,000.'),
  maxEjectionMs: durationMs().default(300_000).describe('Longest ejection, ms; default 300,000.'),
  ejectionJitter: ratio().default(0.1).describe('Random share added to each ejection, 0–1; default 0.1.'),
  maxEjectedShare: ratio()
    .default(0.5)
    .describe('Share of endpoints that may be out at once, the new one included, 0–1; default 0.5.'),
  successRate: z
    .union([
      z.literal(false),
      z.strictObject({
        minEndpoints: positiveCount()
          .default(5)
          .describe('Endpoints with enough calls, below which nobody is compared.'),
        minCalls: positiveCount().default(100).describe('Calls in the interval that make an endpoint comparable.'),
        deviations: z
          .number()
          .positive()
          .max(10)
          .default(1.9)
          .describe('Standard deviations below the mean that eject.'),
      }),
    ])
    .default(false)
    .describe('Ejects endpoints whose success rate lies far below the mean of all; default off.'),
  failurePercentage: z
    .union([
      z.literal(false),
      z.strictObject({
        threshold: ratio().default(0.85).describe('Failure rate that ejects, 0–1; default 0.85.'),
        minEndpoints: positiveCount()
          .default(5)
          .describe('Endpoints with enough calls, below which nobody is ejected.'),
        minCalls: positiveCount().default(50).describe('Calls in the interval that make an endpoint comparable.'),
      }),
    ])
    .default(false)
    .describe('Ejects endpoints by their failure rate in the interval; default off.'),
});

export type PassiveHealthOptions = z.output<typeof passiveHealthOptions>;

export const latencyOptions = z.strictObject({
  decayMs: durationMs()
    .default(10_000)
    .describe('Time after which a measurement counts 1/e of a new one, ms; default 10,000.'),
  failurePenaltyMs: z
    .number()
    .min(0)
    .finite()
    .default(5_000)
    .describe(
      'Latency that a failed call counts as, at least, ms; keeps fast errors from attracting calls; default 5,000.',
    ),
  maxPenaltyMs: durationMs()
    .default(300_000)
    .describe('Bound of the penalty when the endpoint itself named a longer wait, ms; default 300,000.'),
});

export const healthCheckOptions = z
  .strictObject({
    probe: z
      .union([z.enum(['http', 'tcp']), z.custom<HealthProbe>(isFunction, 'must be http, tcp or a function')])
      .default('http')
      .describe('How to look: GET, a connection, or a function of the endpoint; default `http`.'),
    path: z.string().startsWith('/').default('/health').describe('Path of the HTTP check; default /health.'),
    intervalMs: durationMs().default(30_000).describe('From one check of an endpoint to the next, ms; default 30,000.'),
    timeoutMs: durationMs().default(5_000).describe('Longest time an answer may take, ms; default 5,000.'),
    jitter: ratio().default(0.1).describe('Random share by which intervals differ, 0–1; default 0.1.'),
    healthyThreshold: positiveCount()
      .default(1)
      .describe('Good answers in a row that make an endpoint healthy; default 1.'),
    unhealthyThreshold: positiveCount().default(2).describe('Bad answers in a row that make it unhealthy; default 2.'),
  })
  .describe('Active checks.');

export type HealthCheckOptions = z.output<typeof healthCheckOptions>;

export const dnsOptions = z.strictObject({
  name: z.string().min(1).describe('Name to ask for.'),
  type: z.enum(['A', 'AAAA', 'SRV']).default('A').describe('Kind of record; SRV brings ports, weights and priorities.'),
  port: z.int().min(1).max(65_535).optional().describe('Port of endpoints found by A or AAAA.'),
  scheme: z.string().min(1).default('http').describe('Scheme of the URLs made; default http.'),
  servers: z.array(z.string().min(1)).min(1).optional().describe('Name servers, `address:port`; default the system’s.'),
});

export type DnsOptions = z.output<typeof dnsOptions>;

export const discoveryOptions = z
  .strictObject({
    dns: dnsOptions.optional().describe('Endpoints from DNS.'),
    find: z
      .custom<Discover<EndpointOptions>>(isFunction, 'must be a function')
      .optional()
      .describe('Function that gives the endpoints there are now.'),
    refreshMs: durationMs().default(30_000).describe('From one refresh to the next when the answer names no time, ms.'),
    minRefreshMs: durationMs().default(1_000).describe('Shortest time to live that is heeded, ms; default 1,000.'),
    maxRefreshMs: durationMs().default(300_000).describe('Longest time to live that is heeded, ms; default 300,000.'),
    timeoutMs: durationMs().default(5_000).describe('Longest time a refresh may take, ms; default 5,000.'),
    jitter: ratio().default(0.1).describe('Random share added to each interval, 0–1; default 0.1.'),
    select: z
      .custom<(found: readonly EndpointOptions[]) => readonly EndpointOptions[]>(isFunction, 'must be a function')
      .optional()
      .describe('Narrows what was found: a subset for each client of a large fleet.'),
    allowEmpty: z.boolean().default(false).describe('Whether an answer without endpoints is believed; default no.'),
  })
  .refine(({ dns, find }) => (dns === undefined) !== (find === undefined), 'must have either dns or find')
  .describe('Where endpoints come from besides the configured ones.');

export type DiscoveryOptions = z.output<typeof discoveryOptions>;

export const adaptiveWeightsOptions = z.strictObject({
  intervalMs: durationMs().default(5_000).describe('From one adjustment to the next, ms; default 5,000.'),
  minFactor: z.number().positive().max(1).default(0.1).describe('Smallest factor on a weight, above 0; default 0.1.'),
  maxFactor: z.number().min(1).max(100).default(2).describe('Largest factor on a weight, at least 1; default 2.'),
  smoothing: ratio().default(0.5).describe('Share of the way to the new factor taken at each adjustment, 0–1.'),
});

export type AdaptiveWeightsOptions = z.output<typeof adaptiveWeightsOptions>;

export const scalingOptions = z
  .strictObject({
    min: z.int().min(0).default(1).describe('Fewest endpoints; default 1.'),
    max: positiveCount().default(10).describe('Most endpoints; default 10.'),
    capacity: z.number().positive().default(10).describe('Calls under way that one endpoint carries well; default 10.'),
    targetUtilization: z
      .number()
      .positive()
      .max(1)
      .default(0.7)
      .describe('Share of the capacity to aim at, above 0, at most 1; default 0.7.'),
    targetLatencyMs: durationMs().optional().describe('Mean latency to aim at, ms; unset: latency plays no part.'),
    queueDepth: z
      .custom<() => number>(isFunction, 'must be a function')
      .optional()
      .describe('Gives the number of calls that wait before the balancer, in a limiter or bulkhead.'),
    tolerance: ratio().default(0.1).describe('Deviation from the target, as a share, that is let be; default 0.1.'),
    intervalMs: durationMs().default(10_000).describe('From one look to the next, ms; default 10,000.'),
    upCooldownMs: z.number().min(0).finite().default(30_000).describe('Shortest time between two steps up, ms.'),
    downCooldownMs: z.number().min(0).finite().default(120_000).describe('Time without any step before one down, ms.'),
    stabilizationMs: z
      .number()
      .min(0)
      .finite()
      .default(120_000)
      .describe('A step down goes to the highest number advised within this time, ms; default 120,000.'),
    maxStep: positiveCount().default(10).describe('Most endpoints added or removed in one step; default 10.'),
    provisioner: z
      .custom<Provisioner>(
        (value) => isObject(value) && isFunction((value as Partial<Provisioner>).start),
        'must have the functions start and stop',
      )
      .optional()
      .describe('Starts and stops endpoints as advised; without one the advice is only announced.'),
  })
  .refine(({ min, max }) => min <= max, { path: ['min'], message: 'must not be above max' })
  .describe('Advice on how many endpoints there should be.');

export type ScalingOptions = z.output<typeof scalingOptions>;

const givenOptions = z.strictObject({
  preset: z
    .enum(['adaptive', 'health_aware'])
    .optional()
    .describe(
      'Defaults by purpose. `adaptive`: strategy adaptive. `health_aware`: strategy health-aware, checks every 30 s with ' +
        'a time limit of 5 s, at most 10 endpoints, scaling advice.',
    ),
  strategy: z
    .union([
      z.enum(STRATEGY_NAMES),
      z.custom<Strategy>(
        (value) => isObject(value) && isFunction((value as Partial<Strategy>).createPicker),
        'must be the name of a strategy or a strategy object',
      ),
    ])
    .optional()
    .describe(
      'How an endpoint is chosen; default weighted-round-robin; `adaptive` (power of two choices on average latency) ' +
        'is recommended.',
    ),
  endpoints: endpointList.default([]).describe('The endpoints known from the start.'),
  maxEndpoints: positiveCount().max(100_000).optional().describe('Most endpoints it holds; default 1,000.'),
  maxInFlight: positiveCount()
    .optional()
    .describe('Most calls under way to one endpoint; further ones go elsewhere; default unlimited.'),
  zone: z.string().min(1).optional().describe('The zone of the caller; unset: zones play no part.'),
  panicThreshold: ratio()
    .default(0.5)
    .describe('Below this share of healthy endpoints health is disregarded, 0–1; 0: never; default 0.5.'),
  overprovisioning: z
    .number()
    .min(1)
    .max(100)
    .default(1.4)
    .describe(
      'How much more than its part a healthy endpoint is trusted to carry before others help out; default 1.4.',
    ),
  latency: latencyOptions.prefault({}).describe('How latency is measured.'),
  passiveHealth: z
    .union([z.literal(false), passiveHealthOptions])
    .prefault({})
    .describe('Ejection of endpoints by the outcome of calls; false: off.'),
  slowStart: z
    .strictObject({
      windowMs: durationMs().describe('Time until an endpoint that joined or returned has its full weight, ms.'),
      aggression: z.number().positive().max(10).default(1).describe('1: linear; above 1: faster at first; default 1.'),
      minWeightShare: ratio().default(0.1).describe('Share of its weight at the start, 0–1; default 0.1.'),
    })
    .optional()
    .describe('Gives endpoints that join or return their calls bit by bit; default off.'),
  maxRestMs: z
    .number()
    .min(0)
    .finite()
    .default(259_200_000)
    .describe(
      'Longest time an endpoint is left alone when it asks for it (Retry-After, a ban), ms; default 3 days; 0: off.',
    ),
  circuitBreaker: z
    .custom<object>(isObject, 'must be the options of a circuit breaker')
    .optional()
    .describe('Options of a circuit breaker for each endpoint.'),
  rateLimit: z
    .custom<object>(isObject, 'must be the options of a rate limiter')
    .optional()
    .describe('Options of a rate limiter for each endpoint; it rejects instead of queueing.'),
  healthCheck: healthCheckOptions.optional().describe('Active checks of each endpoint; default off.'),
  discovery: discoveryOptions.optional(),
  adaptiveWeights: adaptiveWeightsOptions
    .optional()
    .describe('Moves weights by latency and error rate, for the strategies that go by weight; default off.'),
  scaling: scalingOptions.optional(),
  classify: z
    .custom<Classify>(isFunction, 'must be a function')
    .default(() => classify)
    .describe('Tells what kind of failure an error is.'),
  classifyResult: z
    .custom<(value: unknown) => Classification | undefined>(isFunction, 'must be a function')
    .optional()
    .describe('Tells whether a result means a failure of the endpoint, and which.'),
});

/** Defaults that depend on the preset. */
export const loadBalancerOptions = givenOptions.transform((given) => ({
  ...given,
  strategy: given.strategy ?? (given.preset === undefined ? 'weighted-round-robin' : PRESET_STRATEGIES[given.preset]),
  maxEndpoints: given.maxEndpoints ?? (given.preset === 'health_aware' ? 10 : 1_000),
  healthCheck: given.healthCheck ?? (given.preset === 'health_aware' ? healthCheckOptions.parse({}) : undefined),
  scaling: given.scaling ?? (given.preset === 'health_aware' ? scalingOptions.parse({}) : undefined),
}));

const PRESET_STRATEGIES = { adaptive: 'adaptive', health_aware: 'health-aware' } as const;

/** Options of a load balancer, as given. */
export type LoadBalancerOptions = z.input<typeof loadBalancerOptions>;
/** Options of a load balancer, complete. */
export type ResolvedLoadBalancerOptions = z.output<typeof loadBalancerOptions>;
