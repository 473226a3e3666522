import { ofPolicy } from './policy-family.js';
import { at, each, field, items, type Reading, seen } from './reading.js';

/** Endpoints of one balancer that have series of their own; the rest is shown together. */
const ENDPOINTS_SHOWN = 10;
const MS_PER_SECOND = 1_000;

/** One number of each endpoint. */
const endpoint = (number: (item: unknown) => unknown, together: 'sum' | 'max' = 'sum'): Reading =>
  items('endpoints', 'endpoint', ENDPOINTS_SHOWN, { value: number }, undefined, together);

/** How many endpoints are in each state of service. */
const SERVICES: Reading = {
  labels: ['service'],
  read: (snapshot, samples, own) => {
    const counts = new Map<string, number>([['in-service', 0]]);
    for (const { service } of (snapshot['endpoints'] ?? []) as readonly { readonly service: string }[]) {
      counts.set(service, (counts.get(service) ?? 0) + 1);
    }
    for (const [service, count] of counts) samples.add(count, own.with('service', service));
  },
};

/** A total and the part of it that failed, as two series. */
const results = (total: string, failed: string): Reading => {
  const [all, bad] = [at(total), at(failed)];
  return {
    labels: ['result'],
    read: (snapshot, samples, own) => {
      const [count, failures] = [Number(all(snapshot)), Number(bad(snapshot))];
      samples.add(count - failures, own.with('result', 'ok'));
      samples.add(failures, own.with('result', 'failed'));
    },
  };
};

/** What load balancers have. */
export const BALANCER_FAMILIES = ofPolicy('load-balancer', 'load_balancer', [
  ['endpoints', 'gauge', 'Endpoints by whether they take calls, and if not, why', SERVICES],
  [
    'failovers_total',
    'counter',
    'Calls that went elsewhere than first intended, by cause',
    seen(each('failovers', 'cause')),
  ],
  ['ejections_total', 'counter', 'Ejections by cause', seen(each('ejections', 'cause'))],
  ['panic', 'gauge', 'Whether health is disregarded since too little is healthy', field('panic')],
  [
    'health_checks_total',
    'counter',
    'Active health checks by result',
    results('healthChecks.checks', 'healthChecks.failed'),
  ],
  [
    'discovery_refreshes_total',
    'counter',
    'Refreshes of the endpoints by result',
    results('discovery.refreshes', 'discovery.failures'),
  ],
  [
    'discovery_overflow_total',
    'counter',
    'Endpoints found for which there was no room',
    seen(field('discovery.overflow')),
  ],
  ['desired_endpoints', 'gauge', 'Endpoints there should be, for an autoscaler', field('scaling.desired')],
  ['utilization_ratio', 'gauge', 'Calls under way over capacity', field('scaling.utilization')],
  ['start_failures_total', 'counter', 'Endpoints that could not be started', seen(field('scaling.startFailures'))],
  [
    'endpoint_in_service',
    'gauge',
    'Whether the endpoint takes calls',
    endpoint((item) => (item as { service: string }).service === 'in-service'),
  ],
  ['endpoint_picks_total', 'counter', 'Calls sent to the endpoint', endpoint(at('picks'))],
  [
    'endpoint_results_total',
    'counter',
    'Calls that the endpoint answered or failed',
    items(
      'endpoints',
      'endpoint',
      ENDPOINTS_SHOWN,
      { success: at('successes'), failure: at('failures') },
      'outcome',
      'sum',
    ),
  ],
  ['endpoint_in_flight', 'gauge', 'Calls running at the endpoint', endpoint(at('inFlight'))],
  [
    'endpoint_latency_seconds',
    'gauge',
    'Expected duration of a call at the endpoint',
    endpoint((item) => (item as { latencyMs: number }).latencyMs / MS_PER_SECOND, 'max'),
  ],
  ['endpoint_error_ratio', 'gauge', 'Share of failed calls at the endpoint', endpoint(at('errorRate'), 'max')],
  ['endpoint_weight', 'gauge', 'Weight of the endpoint at the moment', endpoint(at('currentWeight'))],
]);
