import { each, field, fields, items, type MetricFamily, oneOf, type Reading, seconds, seen } from './metric-family.js';

/** Endpoints of one balancer that have series of their own. */
const ENDPOINTS_SHOWN = 20;

type Row = readonly [name: string, kind: MetricFamily['kind'], help: string, reading: Reading];

const of = (policyType: string, prefix: string, rows: readonly Row[]): MetricFamily[] =>
  rows.map(([name, kind, help, { labels, read }]) => ({
    name: `reliability_${prefix}_${name}`,
    kind,
    help,
    labels,
    policyType,
    read,
  }));

const endpoint = (reading: Reading) => items('endpoints', 'endpoint', ENDPOINTS_SHOWN, reading);

const LIMIT_FIELDS: readonly Row[] = [
  ['limit_seconds', 'gauge', 'The limit in force', seconds('limitMs')],
  ['exceeded_total', 'counter', 'Waits that the limit ended', field('exceeded')],
  ['abandoned_running', 'gauge', 'Work that still runs although nobody waits for it', field('running')],
  ['late_results_total', 'counter', 'Results that came after the limit', field('lateResults')],
  [
    'late_errors_total',
    'counter',
    'Errors that came after the limit, of work that did not heed its signal',
    field('lateErrors'),
  ],
  ['cancelled_total', 'counter', 'Work that ended because its signal was aborted', field('cancelled')],
  ['refused_total', 'counter', 'Calls not made because their deadline had passed', field('refused')],
];

/** What is shown of each kind of policy. */
export const POLICY_FAMILIES: readonly MetricFamily[] = [
  ...of('circuit-breaker', 'circuit_breaker', [
    [
      'state',
      'gauge',
      'State of the circuit: 1 for the one that holds',
      oneOf('state', 'state', ['closed', 'open', 'half-open', 'ramping', 'forced-open', 'disabled']),
    ],
    [
      'calls_total',
      'counter',
      'Calls by outcome',
      fields('counters', 'outcome', { successes: 'success', failures: 'failure', ignored: 'ignored' }),
    ],
    ['refused_total', 'counter', 'Calls refused', field('counters.refused')],
    [
      'would_have_refused_total',
      'counter',
      'Calls that shadow mode would have refused',
      field('counters.wouldHaveRefused'),
    ],
    ['slow_calls_total', 'counter', 'Calls slower than the threshold', field('counters.slowCalls')],
    [
      'late_results_total',
      'counter',
      'Results of an earlier state, counted and not applied',
      field('counters.lateResults'),
    ],
    [
      'transitions_total',
      'counter',
      'Transitions by the state entered',
      fields('counters', 'to', { openings: 'open', halfOpenings: 'half-open', recoveries: 'closed' }),
    ],
    ['window_calls', 'gauge', 'Calls in the window', field('window.calls')],
    ['window_failures', 'gauge', 'Failures in the window', field('window.failures')],
    ['window_slow_calls', 'gauge', 'Slow calls in the window', field('window.slow')],
    ['consecutive_failures', 'gauge', 'Failures in a row', field('consecutiveFailures')],
    ['consecutive_openings', 'gauge', 'Openings since it last recovered', field('consecutiveOpenings')],
    ['retry_after_seconds', 'gauge', 'Time until it probes', seconds('retryAfterMs')],
    ['admitted_share', 'gauge', 'Share of calls let through while ramping', field('admittedShare')],
    ['keys', 'gauge', 'Keys with a circuit of their own', seen(field('keys.held'))],
    ['keys_not_closed', 'gauge', 'Keys whose circuit is not closed', seen(field('keys.notClosed'))],
    ['keys_overflowed_total', 'counter', 'Keys for which there was no room', seen(field('keys.overflowed'))],
    ['predicate_errors_total', 'counter', 'Predicates of options that threw', field('counters.predicateErrors')],
  ]),
  ...of('rate-limiter', 'rate_limiter', [
    ['admitted_total', 'counter', 'Permits given', field('admitted')],
    ['refused_total', 'counter', 'Calls refused by reason', seen(each('refused', 'reason'))],
    ['waits_total', 'counter', 'Calls that had to wait', field('waits')],
    ['waited_seconds_total', 'counter', 'Time waited, over all calls', seconds('waitedMs')],
    ['waiting', 'gauge', 'Calls waiting by priority', each('waiting', 'priority')],
    ['remaining', 'gauge', 'Permits left at the moment', field('remaining')],
    ['limit', 'gauge', 'Permits per window at the moment', field('windows.0.currentLimit')],
    ['window_seconds', 'gauge', 'Length of the first window', seconds('windows.0.windowMs')],
    ['paused_seconds', 'gauge', 'Time for which a server asked to send nothing', seconds('pausedForMs')],
    ['pauses_total', 'counter', 'Pauses that a server asked for', field('pauses')],
    ['adaptation_factor', 'gauge', 'Factor by which the limits are adapted', field('factor')],
    ['refunded_total', 'counter', 'Permits given back unused', field('refunded')],
    ['keys', 'gauge', 'Keys remembered', field('keys')],
    ['keys_forgotten_total', 'counter', 'Keys forgotten for want of room', field('forgottenKeys')],
  ]),
  ...of('retry', 'retry', [
    ['calls_total', 'counter', 'Calls', field('calls')],
    ['failed_first_total', 'counter', 'Calls whose first attempt failed', field('failedFirst')],
    ['attempts_repeated_total', 'counter', 'Attempts after the first', field('retries')],
    ['recovered_total', 'counter', 'Calls that a repetition saved', field('recovered')],
    ['sleeping', 'gauge', 'Calls waiting for their next attempt', field('sleeping')],
    ['stopped_total', 'counter', 'Calls given up by reason', each('stopped', 'reason')],
    ['failures_total', 'counter', 'Failed attempts by class of error', each('byClass', 'class', 'failures')],
    ['budget_available', 'gauge', 'What the retry budget would still grant', field('budget.available')],
    ['budget_granted_total', 'counter', 'Repetitions that the budget granted', field('budget.granted')],
    ['budget_refused_total', 'counter', 'Repetitions that the budget refused', field('budget.refused')],
  ]),
  ...of('bulkhead', 'bulkhead', [
    ['limit', 'gauge', 'Calls that may run at once', field('limit')],
    ['in_flight', 'gauge', 'Calls whose work is running', field('inFlight')],
    ['abandoned', 'gauge', 'Of these, the ones that nobody waits for any more', field('abandoned')],
    ['queued', 'gauge', 'Calls waiting for a place', field('queued')],
    ['admitted_total', 'counter', 'Calls let through', field('admitted')],
    ['waited_total', 'counter', 'Calls that had to wait', field('waited')],
    ['refused_total', 'counter', 'Calls refused by reason', seen(each('refused', 'reason'))],
    ['shedding', 'gauge', 'Whether load is being shed', field('shedding')],
    ['keys', 'gauge', 'Keys with places of their own', field('keys')],
  ]),
  ...of('load-balancer', 'load_balancer', [
    ['picks_total', 'counter', 'Endpoints chosen', field('picks')],
    ['refused_total', 'counter', 'Calls for which there was no endpoint', field('refused')],
    [
      'failovers_total',
      'counter',
      'Calls that went elsewhere than first intended, by cause',
      each('failovers', 'cause'),
    ],
    ['ejections_total', 'counter', 'Ejections by cause', each('ejections', 'cause')],
    ['panic', 'gauge', 'Whether health is disregarded since too little is healthy', field('panic')],
    [
      'endpoint_in_service',
      'gauge',
      'Whether the endpoint takes calls',
      endpoint({ labels: [], read: (item, add) => add(item['service'] === 'in-service' ? 1 : 0) }),
    ],
    ['endpoint_picks_total', 'counter', 'Calls sent to the endpoint', endpoint(field('picks'))],
    ['endpoint_failures_total', 'counter', 'Calls that failed at the endpoint', endpoint(field('failures'))],
    ['endpoint_in_flight', 'gauge', 'Calls running at the endpoint', endpoint(field('inFlight'))],
    [
      'endpoint_latency_seconds',
      'gauge',
      'Expected duration of a call at the endpoint',
      endpoint(seconds('latencyMs')),
    ],
    ['endpoint_error_ratio', 'gauge', 'Share of failed calls at the endpoint', endpoint(field('errorRate'))],
    ['endpoint_weight', 'gauge', 'Weight of the endpoint at the moment', endpoint(field('currentWeight'))],
    ['health_checks_total', 'counter', 'Active health checks', field('healthChecks.checks')],
    ['health_checks_failed_total', 'counter', 'Active health checks that failed', field('healthChecks.failed')],
    ['discovery_refreshes_total', 'counter', 'Refreshes of the endpoints', field('discovery.refreshes')],
    ['discovery_failures_total', 'counter', 'Refreshes that failed', field('discovery.failures')],
    ['desired_endpoints', 'gauge', 'Endpoints there should be, for an autoscaler', field('scaling.desired')],
    ['utilization', 'gauge', 'Calls under way over capacity', field('scaling.utilization')],
  ]),
  ...of('time-limit', 'time_limit', LIMIT_FIELDS),
  ...of('deadline', 'deadline', LIMIT_FIELDS),
  ...of('fallback', 'fallback', [
    ['answers_total', 'counter', 'Answers given in place of a failure, by source', each('answered', 'source')],
    ['unanswered_total', 'counter', 'Failures that no step was meant for', field('unanswered')],
    ['failed_steps_total', 'counter', 'Steps that failed themselves', field('failedSteps')],
    ['kept_values', 'gauge', 'Last good values kept', field('kept')],
    ['evicted_values_total', 'counter', 'Last good values given up for want of room', field('evicted')],
  ]),
  ...of('hedge', 'hedge', [
    ['calls_total', 'counter', 'Calls', field('calls')],
    ['sent_total', 'counter', 'Hedges sent', field('sent')],
    ['won_total', 'counter', 'Hedges that answered first', field('won')],
    ['suppressed_total', 'counter', 'Hedges not sent by reason', each('suppressed', 'reason')],
    ['delay_seconds', 'gauge', 'Delay before a hedge', seconds('delayMs')],
    ['disposed_total', 'counter', 'Results of losers disposed of', field('disposed')],
  ]),
  ...of('chaos', 'chaos', [
    ['on', 'gauge', 'Whether faults are being injected', field('on')],
    ['injected_total', 'counter', 'Faults injected by kind', each('injected', 'kind')],
  ]),
];
