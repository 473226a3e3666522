// Series on which each built-in rule fires, and on which it does not. Both the rule files and the library's own rules are
// tested with them. Part of a scenario's series make the value, the rest only the total.

/** `count + 1` readings: from `from`, `by` more each time. */
const run = (from, by, count) => ({ from, by, count });
const flat = (value, count) => run(value, 0, count);

/** What is between the parts of a series that a counter or gauge goes through. */
const series = (metric, labels, ...parts) => ({ metric, labels, parts });

const okx = { policy: 'okx' };
const failures = (...parts) =>
  series('reliability_circuit_breaker_calls_total', { ...okx, outcome: 'failure' }, ...parts);
const successes = (...parts) =>
  series('reliability_circuit_breaker_calls_total', { ...okx, outcome: 'success' }, ...parts);
const waiting = (type, ...parts) => series('reliability_waiting', { ...okx, type, priority: 'normal' }, ...parts);
const limit = (count) => series('reliability_bulkhead_limit', okx, flat(20, count));
const inFlight = (...parts) => series('reliability_bulkhead_in_flight', okx, ...parts);
const endpoint = (metric, ...parts) =>
  series(`reliability_load_balancer_endpoint_${metric}`, { ...okx, endpoint: 'a' }, ...parts);
const consumer = (metric, ...parts) => series(`stream_consumer_${metric}`, { consumer: 'rates' }, ...parts);
const deadLettered = (...parts) =>
  series('stream_consumer_settled_total', { consumer: 'rates', result: 'dead-lettered' }, ...parts);
const exhausted = (...parts) => series('reliability_retry_stopped_total', { ...okx, reason: 'attempts' }, ...parts);
const openings = (...parts) =>
  series('reliability_circuit_breaker_transitions_total', { ...okx, to: 'open' }, ...parts);

/** 60 readings that go up and down a little, as latencies and rates do. */
const noise = (around, spread) =>
  Array.from({ length: 60 }, (_, index) => flat(around + spread * (((index * 7) % 11) / 5 - 1), 0));

const SHORT = 15;
const LONG = 60;

/** `every`: seconds between readings. `total`: readings that the value is divided by. `severities`: where there are several. */
export const SCENARIOS = [
  { alert: 'CircuitOpen', fires: true, every: SHORT, value: [circuit(flat(1, 20))] },
  { alert: 'CircuitOpen', fires: false, every: SHORT, value: [circuit(flat(0, 20), flat(1, 1), flat(0, 5))] },
  { alert: 'CircuitFlapping', fires: true, every: SHORT, value: [openings(flat(0, 20), run(1, 1, 9))] },
  { alert: 'CircuitFlapping', fires: false, every: SHORT, value: [openings(flat(0, 20), flat(2, 20), flat(3, 10))] },
  {
    alert: 'ErrorRateHigh',
    fires: true,
    every: SHORT,
    value: [failures(run(0, 0, 20), run(5, 5, 30))],
    rest: [successes(run(0, 15, 51))],
  },
  {
    alert: 'ErrorRateHigh',
    fires: false,
    every: SHORT,
    value: [failures(run(0, 1, 51))],
    rest: [successes(run(0, 15, 51))],
  },
  {
    alert: 'ErrorRateHigh',
    fires: false,
    title: 'hardly any calls',
    every: SHORT,
    value: [failures(flat(0, 40), flat(2, 11))],
    rest: [successes(flat(0, 52))],
  },
  {
    alert: 'ErrorBudgetBurn',
    fires: true,
    severities: ['critical', 'warning'],
    every: LONG,
    value: [failures(flat(0, 60), run(5, 5, 59))],
    rest: [successes(run(0, 95, 120))],
  },
  {
    alert: 'ErrorBudgetBurn',
    fires: false,
    every: LONG,
    value: [failures(flat(0, 60), run(5, 5, 10), flat(55, 48))],
    rest: [successes(run(0, 950, 120))],
  },
  { alert: 'RetryBudgetExhausted', fires: true, every: SHORT, value: [budget(run(10, -1, 10), flat(0, 20))] },
  {
    alert: 'RetryBudgetExhausted',
    fires: false,
    every: SHORT,
    value: [budget(run(10, -1, 10), flat(0, 4), flat(10, 9))],
  },
  { alert: 'RetriesExhausted', fires: true, every: SHORT, value: [exhausted(flat(3, 20), run(4, 2, 10))] },
  { alert: 'RetriesExhausted', fires: false, every: SHORT, value: [exhausted(flat(3, 20), run(4, 1, 4), flat(8, 20))] },
  { alert: 'LimiterQueueLong', fires: true, every: SHORT, value: [waiting('rate-limiter', flat(0, 9), flat(30, 20))] },
  {
    alert: 'LimiterQueueLong',
    fires: false,
    every: SHORT,
    value: [waiting('rate-limiter', flat(0, 9), flat(90, 5), flat(2, 0), flat(90, 5))],
  },
  { alert: 'LimiterPaused', fires: true, every: SHORT, value: [paused(run(600, -15, 30))] },
  { alert: 'LimiterPaused', fires: false, every: SHORT, value: [paused(flat(0, 10), run(60, -15, 3), flat(0, 20))] },
  { alert: 'BulkheadQueueLong', fires: true, every: SHORT, value: [waiting('bulkhead', flat(0, 9), flat(30, 20))] },
  { alert: 'BulkheadQueueLong', fires: false, every: SHORT, value: [waiting('bulkhead', flat(15, 40))] },
  { alert: 'BulkheadFull', fires: true, every: SHORT, value: [inFlight(flat(5, 9), flat(20, 30))], total: [limit(40)] },
  { alert: 'BulkheadFull', fires: false, every: SHORT, value: [inFlight(flat(18, 40))], total: [limit(40)] },
  {
    alert: 'BulkheadFilling',
    fires: true,
    every: LONG,
    value: [inFlight(run(2, 0.25, 60))],
    total: [limit(60)],
  },
  { alert: 'BulkheadFilling', fires: false, every: LONG, value: [inFlight(...noise(9, 1))], total: [limit(60)] },
  { alert: 'AbandonedWork', fires: true, every: SHORT, value: [abandoned(flat(12, 40))], total: [limit(40)] },
  { alert: 'AbandonedWork', fires: false, every: SHORT, value: [abandoned(flat(8, 40))], total: [limit(40)] },
  { alert: 'TooFewEndpoints', fires: true, every: SHORT, value: [panic(flat(0, 9), flat(1, 9))] },
  { alert: 'TooFewEndpoints', fires: false, every: SHORT, value: [panic(flat(0, 9), flat(1, 1), flat(0, 9))] },
  { alert: 'EndpointOut', fires: true, every: SHORT, value: [endpoint('in_service', flat(1, 9), flat(0, 50))] },
  {
    alert: 'EndpointOut',
    fires: false,
    every: SHORT,
    value: [endpoint('in_service', flat(1, 9), flat(0, 20), flat(1, 20))],
  },
  {
    alert: 'EndpointSlow',
    fires: true,
    every: LONG,
    value: [endpoint('latency_seconds', ...noise(0.1, 0.01), flat(0.4, 8))],
  },
  {
    alert: 'EndpointSlow',
    fires: false,
    every: LONG,
    value: [endpoint('latency_seconds', ...noise(0.1, 0.01), flat(0.4, 0), ...noise(0.1, 0.01).slice(0, 10))],
  },
  {
    alert: 'TrafficUnusual',
    fires: true,
    every: LONG,
    value: [successes(run(0, 600, 60), run(36_000, 10, 12)), failures(flat(0, 73))],
  },
  {
    alert: 'TrafficUnusual',
    fires: false,
    every: LONG,
    value: [successes(run(0, 600, 72)), failures(flat(0, 72))],
  },
  {
    alert: 'MessageLatencyHigh',
    fires: true,
    every: SHORT,
    value: [consumer('queue_age_seconds', flat(1, 9), flat(40, 20))],
  },
  {
    alert: 'MessageLatencyHigh',
    fires: false,
    every: SHORT,
    value: [consumer('queue_age_seconds', flat(1, 9), flat(60, 5), flat(1, 20))],
  },
  { alert: 'MessageQueueLong', fires: true, every: SHORT, value: [consumer('pending', flat(20, 9), flat(12_000, 30))] },
  {
    alert: 'MessageQueueLong',
    fires: false,
    every: SHORT,
    value: [consumer('pending', flat(20, 9), flat(12_000, 10), flat(20, 9))],
  },
  { alert: 'MessageQueueGrowing', fires: true, every: LONG, value: [consumer('pending', run(0, 5_000, 60))] },
  { alert: 'MessageQueueGrowing', fires: false, every: LONG, value: [consumer('pending', run(0, 500, 60))] },
  { alert: 'MessagesGivenUp', fires: true, every: SHORT, value: [deadLettered(flat(0, 20), flat(2, 9))] },
  { alert: 'MessagesGivenUp', fires: false, every: SHORT, value: [deadLettered(flat(7, 40))] },
];

function circuit(...parts) {
  return series('reliability_circuit_breaker_state', { ...okx, state: 'open' }, ...parts);
}
function budget(...parts) {
  return series('reliability_retry_budget_available', okx, ...parts);
}
function paused(...parts) {
  return series('reliability_rate_limiter_paused_seconds', okx, ...parts);
}
function abandoned(...parts) {
  return series('reliability_bulkhead_abandoned', okx, ...parts);
}
function panic(...parts) {
  return series('reliability_load_balancer_panic', okx, ...parts);
}

/** All readings of a series. */
export const readingsOf = ({ parts }) =>
  parts.flatMap(({ from, by, count }) => Array.from({ length: count + 1 }, (_, index) => from + by * index));
