import type { AlertRuleOptions } from './rule.options.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** A rule that comes with the library, in its form for Prometheus too. */
export interface BuiltinRule {
  readonly rule: AlertRuleOptions & { readonly summary: string };
  /** The same figure in Prometheus; `undefined` where it is not exported. */
  readonly prometheus?: {
    /** Series of the value; several are added up. */
    readonly value: string;
    /** Series of the total. */
    readonly total?: string;
    /** Labels by which series are told apart. */
    readonly by: readonly string[];
    /** What one unit of the rule is in Prometheus, whose times are in seconds. Default 1. */
    readonly unit?: number;
  };
}

const runbook = (name: string) => `docs/runbooks/${name}.md`;

function builtin(
  rule: AlertRuleOptions & { readonly summary: string },
  prometheus?: BuiltinRule['prometheus'],
): BuiltinRule {
  return { rule: { runbook: runbook(rule.name), ...rule }, prometheus };
}

const POLICY = ['job', 'policy'] as const;
const INSTANCE = ['job', 'instance', 'policy'] as const;

const CALLS = {
  policyType: 'circuit-breaker',
  value: 'counters.failures',
  total: ['counters.failures', 'counters.successes'],
};
const CALLS_METRICS = {
  value: 'reliability_circuit_breaker_calls_total{outcome="failure"}',
  total: 'reliability_circuit_breaker_calls_total{outcome=~"failure|success"}',
};

/** Rules on what the library's own policies, the process and stream consumers show. */
export const BUILTIN_RULES: readonly BuiltinRule[] = [
  builtin(
    {
      name: 'CircuitOpen',
      summary: 'The circuit does not let calls through',
      kind: 'threshold',
      // A probe under way ends nothing.
      source: { policyType: 'circuit-breaker', value: 'state', is: ['open', 'half-open', 'forced-open'] },
      above: 0,
      forMs: MINUTE_MS,
      severity: 'warning',
      escalation: [{ afterMs: 15 * MINUTE_MS, to: 'critical' }],
    },
    { value: 'reliability_circuit_breaker_state{state=~"open|half-open|forced-open"}', by: INSTANCE },
  ),
  builtin(
    {
      name: 'CircuitFlapping',
      summary: 'The circuit keeps opening and closing',
      kind: 'flapping',
      source: { policyType: 'circuit-breaker', value: 'counters.openings' },
      counts: 'increase',
      changes: 5,
      windowMs: 15 * MINUTE_MS,
    },
    { value: 'reliability_circuit_breaker_transitions_total{to="open"}', by: INSTANCE },
  ),
  builtin(
    {
      name: 'ErrorRateHigh',
      summary: 'More than a tenth of the calls fail',
      kind: 'error-rate',
      source: CALLS,
      above: 0.1,
      clear: 0.05,
      windowMs: 5 * MINUTE_MS,
      forMs: 2 * MINUTE_MS,
    },
    { ...CALLS_METRICS, by: POLICY },
  ),
  builtin(
    {
      name: 'ErrorBudgetBurn',
      summary: 'The error budget of 99.9 % is being spent too fast',
      kind: 'burn-rate',
      source: CALLS,
      objective: 0.999,
    },
    { ...CALLS_METRICS, by: POLICY },
  ),
  builtin(
    {
      name: 'RetryBudgetExhausted',
      summary: 'The budget grants no more repetitions',
      kind: 'threshold',
      source: { policyType: 'retry', value: 'budget.available' },
      below: 1,
      forMs: 2 * MINUTE_MS,
    },
    { value: 'reliability_retry_budget_available', by: INSTANCE },
  ),
  builtin(
    {
      name: 'RetriesExhausted',
      summary: 'Calls fail after all their repetitions',
      kind: 'threshold',
      source: {
        policyType: 'retry',
        value: ['stopped.attempts', 'stopped.time', 'stopped.deadline', 'stopped.budget', 'stopped.retry-after'],
      },
      over: { by: 'increase', windowMs: 5 * MINUTE_MS },
      above: 10,
      clear: 5,
    },
    {
      value: 'reliability_retry_stopped_total{reason=~"attempts|time|deadline|budget|retry-after"}',
      by: INSTANCE,
    },
  ),
  builtin(
    {
      name: 'LimiterQueueLong',
      summary: 'Calls keep waiting for the rate limiter',
      kind: 'threshold',
      source: { policyType: 'rate-limiter', value: 'waiting.*' },
      over: { by: 'min', windowMs: 2 * MINUTE_MS },
      above: 20,
    },
    { value: 'reliability_waiting{type="rate-limiter"}', by: INSTANCE },
  ),
  builtin(
    {
      name: 'LimiterPaused',
      summary: 'A server has asked for silence',
      kind: 'threshold',
      source: { policyType: 'rate-limiter', value: 'pausedForMs' },
      above: 0,
      forMs: 5 * MINUTE_MS,
    },
    { value: 'reliability_rate_limiter_paused_seconds', by: INSTANCE, unit: 1 / SECOND_MS },
  ),
  builtin(
    {
      name: 'BulkheadQueueLong',
      summary: 'Calls keep waiting for a place',
      kind: 'threshold',
      source: { policyType: 'bulkhead', value: 'queued' },
      over: { by: 'min', windowMs: 2 * MINUTE_MS },
      above: 20,
    },
    { value: 'reliability_waiting{type="bulkhead"}', by: INSTANCE },
  ),
  builtin(
    {
      name: 'BulkheadFull',
      summary: 'The bulkhead has hardly a place left',
      kind: 'threshold',
      source: { policyType: 'bulkhead', value: 'inFlight', total: 'limit' },
      over: { by: 'min', windowMs: 5 * MINUTE_MS },
      above: 0.95,
    },
    { value: 'reliability_bulkhead_in_flight', total: 'reliability_bulkhead_limit', by: INSTANCE },
  ),
  builtin(
    {
      name: 'BulkheadFilling',
      summary: 'The bulkhead will be full within half an hour',
      kind: 'forecast',
      source: { policyType: 'bulkhead', value: 'inFlight', total: 'limit' },
      reaches: 1,
      direction: 'rising',
      withinMs: 30 * MINUTE_MS,
      windowMs: HOUR_MS,
      forMs: 5 * MINUTE_MS,
      severity: 'info',
    },
    { value: 'reliability_bulkhead_in_flight', total: 'reliability_bulkhead_limit', by: INSTANCE },
  ),
  builtin(
    {
      name: 'AbandonedWork',
      summary: 'Work that nobody waits for holds half of the places',
      kind: 'threshold',
      source: { policyType: 'bulkhead', value: 'abandoned', total: 'limit' },
      above: 0.5,
      clear: 0.25,
      forMs: 5 * MINUTE_MS,
    },
    { value: 'reliability_bulkhead_abandoned', total: 'reliability_bulkhead_limit', by: INSTANCE },
  ),
  builtin(
    {
      name: 'TooFewEndpoints',
      summary: 'So few endpoints are healthy that health is disregarded',
      kind: 'threshold',
      source: { policyType: 'load-balancer', value: 'panic' },
      above: 0,
      forMs: MINUTE_MS,
      severity: 'critical',
    },
    { value: 'reliability_load_balancer_panic', by: INSTANCE },
  ),
  builtin(
    {
      name: 'EndpointOut',
      summary: 'An endpoint takes no calls',
      kind: 'threshold',
      source: { policyType: 'load-balancer', value: 'service', is: ['in-service'], items: 'endpoints' },
      below: 1,
      forMs: 10 * MINUTE_MS,
    },
    { value: 'reliability_load_balancer_endpoint_in_service', by: [...INSTANCE, 'endpoint'] },
  ),
  builtin(
    {
      name: 'EndpointSlow',
      summary: 'An endpoint takes much longer than it usually does',
      kind: 'anomaly',
      source: { policyType: 'load-balancer', value: 'latencyMs', items: 'endpoints' },
      direction: 'above',
      minDeviation: 5,
      minShare: 0.05,
      severity: 'info',
    },
    {
      value: 'reliability_load_balancer_endpoint_latency_seconds',
      by: [...INSTANCE, 'endpoint'],
      unit: 1 / SECOND_MS,
    },
  ),
  builtin(
    {
      name: 'TrafficUnusual',
      summary: 'Calls come much more or less often than they usually do',
      kind: 'anomaly',
      source: { policyType: 'circuit-breaker', value: ['counters.failures', 'counters.successes'] },
      of: 'rate',
      minDeviation: 0.5,
      minShare: 0.05,
      severity: 'info',
    },
    { value: CALLS_METRICS.total, by: INSTANCE },
  ),
  builtin({
    name: 'HeapNearlyFull',
    summary: 'The heap is nearly as large as it may become',
    kind: 'threshold',
    source: { process: 'heapShare' },
    over: { by: 'min', windowMs: 3 * MINUTE_MS },
    above: 0.9,
    severity: 'critical',
  }),
  builtin({
    name: 'HeapFilling',
    summary: 'The heap will be full within two hours',
    kind: 'forecast',
    source: { process: 'heapShare' },
    reaches: 0.95,
    direction: 'rising',
    withinMs: 2 * HOUR_MS,
    windowMs: 2 * HOUR_MS,
    forMs: 5 * MINUTE_MS,
  }),
  builtin({
    name: 'EventLoopBusy',
    summary: 'The event loop has hardly a moment to spare',
    kind: 'threshold',
    source: { process: 'eventLoopUtilization' },
    over: { by: 'mean', windowMs: 3 * MINUTE_MS },
    above: 0.95,
    clear: 0.9,
  }),
  builtin(
    {
      name: 'MessageLatencyHigh',
      summary: 'Messages wait too long for their turn',
      kind: 'threshold',
      source: { policyType: 'stream-consumer', value: 'queue.ageMs' },
      over: { by: 'min', windowMs: 2 * MINUTE_MS },
      above: 30 * SECOND_MS,
    },
    { value: 'stream_consumer_queue_age_seconds', by: ['job', 'instance', 'consumer'], unit: 1 / SECOND_MS },
  ),
  builtin(
    {
      name: 'MessageQueueLong',
      summary: 'Many messages wait in the stream',
      kind: 'threshold',
      source: { policyType: 'stream-consumer', value: 'pending' },
      over: { by: 'min', windowMs: 5 * MINUTE_MS },
      above: 10_000,
    },
    { value: 'stream_consumer_pending', by: ['job', 'instance', 'consumer'] },
  ),
  builtin(
    {
      name: 'MessageQueueGrowing',
      summary: 'A million messages will wait in the stream within four hours',
      kind: 'forecast',
      source: { policyType: 'stream-consumer', value: 'pending' },
      reaches: 1_000_000,
      direction: 'rising',
      withinMs: 4 * HOUR_MS,
      windowMs: HOUR_MS,
      forMs: 5 * MINUTE_MS,
    },
    { value: 'stream_consumer_pending', by: ['job', 'instance', 'consumer'] },
  ),
  builtin(
    {
      name: 'MessagesGivenUp',
      summary: 'Messages were given up',
      kind: 'threshold',
      source: { policyType: 'stream-consumer', value: 'deadLettered' },
      over: { by: 'increase', windowMs: 15 * MINUTE_MS },
      above: 0,
    },
    { value: 'stream_consumer_settled_total{result="dead-lettered"}', by: ['job', 'instance', 'consumer'] },
  ),
];
