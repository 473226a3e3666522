import { ofPolicy } from './policy-family.js';
import { field, fields, holding, seconds, seen } from './reading.js';

/** What breakers, limiters and bulkheads have each for themselves. */
export const ADMISSION_FAMILIES = [
  ...ofPolicy('circuit-breaker', 'circuit_breaker', [
    [
      'state',
      'gauge',
      'State of the circuit: 1 for the one that holds (closed, open, half-open, ramping, forced-open, disabled); the others have no series',
      holding('state', 'state'),
    ],
    [
      'calls_total',
      'counter',
      'Calls let through, by outcome; ignored ones count neither way: their caller gave up, or the circuit had moved on',
      fields('outcome', {
        success: 'counters.successes',
        failure: 'counters.failures',
        ignored: ['counters.ignored', 'counters.lateResults'],
      }),
    ],
    ['slow_calls_total', 'counter', 'Calls slower than the threshold', seen(field('counters.slowCalls'))],
    [
      'would_have_refused_total',
      'counter',
      'Calls that shadow mode would have refused',
      seen(field('counters.wouldHaveRefused')),
    ],
    [
      'transitions_total',
      'counter',
      'Transitions by the state entered',
      fields('to', { open: 'counters.openings', 'half-open': 'counters.halfOpenings', closed: 'counters.recoveries' }),
    ],
    ['consecutive_openings', 'gauge', 'Openings since it last recovered', field('consecutiveOpenings')],
    ['retry_after_seconds', 'gauge', 'Time until an open circuit lets a probe through', seen(seconds('retryAfterMs'))],
    [
      'admitted_ratio',
      'gauge',
      'Share of calls let through while the circuit is ramping',
      {
        labels: [],
        read: (snapshot, samples, own) => {
          if (snapshot['state'] === 'ramping') samples.add(Number(snapshot['admittedShare']), own);
        },
      },
    ],
    ['keys_not_closed', 'gauge', 'Keys whose circuit is not closed', seen(field('keys.notClosed'))],
  ]),
  ...ofPolicy('rate-limiter', 'rate_limiter', [
    ['admitted_total', 'counter', 'Calls let through', field('admitted')],
    ['remaining', 'gauge', 'Permits left at the moment', field('remaining')],
    [
      'limit',
      'gauge',
      'Permits in each window at the moment',
      {
        labels: [],
        read: (snapshot, samples, own) => {
          const [window] = (snapshot['windows'] ?? []) as readonly { readonly currentLimit?: number }[];
          samples.add(window?.currentLimit ?? Number.NaN, own);
        },
      },
    ],
    ['adaptation_ratio', 'gauge', 'Limit in force over the configured one', field('factor')],
    ['paused_seconds', 'gauge', 'Time for which a server asked to send nothing', seconds('pausedForMs')],
    ['pauses_total', 'counter', 'Pauses that a server asked for, or that abuse brought', field('pauses')],
    ['refunded_total', 'counter', 'Permits given back unused', seen(field('refunded'))],
  ]),
  ...ofPolicy('bulkhead', 'bulkhead', [
    ['limit', 'gauge', 'Calls that may run at once', field('limit')],
    ['in_flight', 'gauge', 'Calls whose work is running', field('inFlight')],
    ['abandoned', 'gauge', 'Of these, the ones that nobody waits for any more', field('abandoned')],
    ['admitted_total', 'counter', 'Calls let through', field('admitted')],
    [
      'shedding',
      'gauge',
      'Load is being shed: 1 with the most urgent priority that is refused; no series while nobody is',
      {
        labels: ['priority'],
        read: (snapshot, samples, own) => {
          const priority = snapshot['shedding'];
          if (typeof priority === 'string') samples.add(1, own.with('priority', priority));
        },
      },
    ],
  ]),
];
