// The dashboards, made from the families of metrics that the code has: a family more is a panel more.
import { choiceVariable, dashboard, labelVariable, panel, row, unitOf } from './grafana-model.js';

const RATE = '$__rate_interval';
/** Variables that narrow a label. */
const NARROWED = new Set(['policy', 'exchange']);

/** @param families `{ library, stream, store, collector }`: tables of families */
export function dashboardsOf({ library, stream, store, collector }) {
  const known = new Map([...library, ...stream, ...store, ...collector].map((family) => [family.name, family]));
  /** The name of a metric, which must be one that the code has. */
  const metric = (name) => {
    const family = name.replace(/_(bucket|count|sum)$/, '');
    if (!known.has(name) && known.get(family)?.kind !== 'histogram') throw new Error(`No metric is called ${name}`);
    return name;
  };
  return {
    overview: overview(metric),
    policies: byFamily('marketprism-policies', 'Policies', 'Every metric of the library, by type of policy.', {
      variables: [labelVariable('policy', metric('reliability_health_score'))],
      groups: groupsOf(library, 'reliability_'),
    }),
    collector: byFamily(
      'marketprism-collector',
      'Collector',
      'Exchanges, polls, histories and what is stored of them.',
      {
        variables: [labelVariable('exchange', metric('collector_polls_total'))],
        groups: groupsOf(collector, 'collector_'),
      },
    ),
    'stream-store': byFamily(
      'marketprism-stream-store',
      'Stream and store',
      'Consumers, journal, database, nodes, backups.',
      {
        variables: [],
        groups: [...groupsOf(stream, 'stream_'), ...groupsOf(store, 'store_')],
      },
    ),
    slo: slo(metric),
  };
}

const LIBRARY_GROUPS = [
  ['circuit_breaker', 'Circuit breakers'],
  ['rate_limiter', 'Rate limiters'],
  ['bulkhead', 'Bulkheads'],
  ['load_balancer', 'Load balancers and their endpoints'],
  ['retry', 'Retries'],
  ['time_limit', 'Limits in time'],
  ['fallback', 'Fallbacks'],
  ['hedge', 'Hedges'],
  ['coalesce', 'Shared work'],
  ['chaos', 'Chaos'],
  ['consumer', 'Consumers'],
  ['journal', 'Journal'],
  ['backup', 'Backups'],
];

/** Families by what follows the prefix of their names, the ones that belong to nothing special first. */
function groupsOf(families, prefix) {
  const titles = { reliability_: 'Everything', stream_: 'Stream', store_: 'Store', collector_: 'Collector' };
  const groups = new Map([[titles[prefix], []]]);
  for (const family of families) {
    const found = LIBRARY_GROUPS.find(([key]) => family.name.startsWith(prefix + key));
    const title = found?.[1] ?? titles[prefix];
    groups.set(title, [...(groups.get(title) ?? []), family]);
  }
  return [...groups].filter(([, own]) => own.length > 0);
}

function byFamily(uid, title, description, { variables, groups }) {
  const panels = groups.flatMap(([group, families]) => [row(group), ...families.map(panelOf)]);
  return dashboard(uid, `MarketPrism / ${title}`, description, variables, panels);
}

function panelOf({ name, help, kind, labels }) {
  const narrowed = labels.filter((label) => NARROWED.has(label)).map((label) => `${label}=~"$${label}"`);
  const selector = narrowed.length === 0 ? '' : `{${narrowed.join(',')}}`;
  const by = labels.length === 0 ? '' : ` by (${labels.join(', ')})`;
  const legend = labels.length === 0 ? name : labels.map((label) => `{{${label}}}`).join(' ');
  const title = name
    .replace(/^(reliability|collector)_/, '')
    .replace(/_total$/, '')
    .replaceAll('_', ' ');
  const options = { description: help, unit: unitOf(name, kind) };
  if (kind === 'histogram') {
    const quantiles = [0.5, 0.95, 0.99].map((quantile) => [
      `histogram_quantile(${quantile}, sum by (${['le', ...labels].join(', ')}) (rate(${name}_bucket${selector}[${RATE}])))`,
      `p${quantile * 100} ${legend}`,
    ]);
    return panel(title, quantiles, options);
  }
  const expression =
    kind === 'counter' ? `sum${by} (rate(${name}${selector}[${RATE}]))` : `sum${by} (${name}${selector})`;
  return panel(kind === 'counter' ? `${title} per second` : title, [[expression, legend]], options);
}

const HEALTH = [
  [null, 'red'],
  [50, 'orange'],
  [80, 'green'],
];
const NONE_IS_GOOD = [
  [null, 'green'],
  [1, 'red'],
];

function overview(metric) {
  const calls = metric('reliability_circuit_breaker_calls_total');
  const rate = (name, selector = '') => `rate(${metric(name)}${selector}[${RATE}])`;
  return dashboard(
    'marketprism-overview',
    'MarketPrism / Overview',
    'One glance: what is wrong, and where.',
    [labelVariable('policy', metric('reliability_health_score'))],
    [
      panel('Health', [[`min(${metric('reliability_system_health_score')})`]], {
        type: 'stat',
        width: 4,
        height: 5,
        min: 0,
        max: 100,
        thresholds: HEALTH,
      }),
      panel(
        'Circuits not closed',
        [[`sum(${metric('reliability_circuit_breaker_state')}{state!="closed"}) or vector(0)`]],
        { type: 'stat', width: 4, height: 5, thresholds: NONE_IS_GOOD },
      ),
      panel('Unreachable', [[`sum(${metric('reliability_unreachable')}) or vector(0)`]], {
        type: 'stat',
        width: 4,
        height: 5,
        thresholds: NONE_IS_GOOD,
      }),
      panel(
        'Endpoints out of service',
        [[`sum(${metric('reliability_load_balancer_endpoints')}{service!="in-service"}) or vector(0)`]],
        { type: 'stat', width: 4, height: 5, thresholds: NONE_IS_GOOD },
      ),
      panel('Exchanges down', [[`sum(${metric('collector_exchange_state')}{state="down"}) or vector(0)`]], {
        type: 'stat',
        width: 4,
        height: 5,
        thresholds: NONE_IS_GOOD,
      }),
      panel('Rows on their way', [[`sum(${metric('collector_queued_rows')})`]], { type: 'stat', width: 4, height: 5 }),
      row('Dependencies'),
      panel('Health by dependency', [[`${metric('reliability_health_score')}{policy=~"$policy"}`, '{{policy}}']], {
        min: 0,
        max: 100,
      }),
      panel('What lowers it', [
        [
          `sum by (policy, type) (${metric('reliability_health_points_lost')}{policy=~"$policy"})`,
          '{{policy}} {{type}}',
        ],
      ]),
      panel('State of circuits', [
        [`sum by (state) (${metric('reliability_circuit_breaker_state')}{policy=~"$policy"})`, '{{state}}'],
      ]),
      panel(
        'Calls per second',
        [[`sum by (policy, outcome) (rate(${calls}{policy=~"$policy"}[${RATE}]))`, '{{policy}} {{outcome}}']],
        { unit: 'ops' },
      ),
      panel(
        'Failed calls',
        [
          [
            `sum by (policy) (${rate('reliability_circuit_breaker_calls_total', '{policy=~"$policy",outcome="failure"}')}) / ` +
              `(sum by (policy) (${rate('reliability_circuit_breaker_calls_total', '{policy=~"$policy",outcome=~"success|failure"}')}) > 0)`,
            '{{policy}}',
          ],
        ],
        { unit: 'percentunit', min: 0, max: 1 },
      ),
      panel(
        'Duration of attempts, 95th percentile',
        [
          [
            `histogram_quantile(0.95, sum by (le, policy) (${rate('reliability_call_duration_seconds_bucket', '{policy=~"$policy",type="circuit-breaker"}')}))`,
            '{{policy}}',
          ],
        ],
        { unit: 's' },
      ),
      row('Protection'),
      panel(
        'Refused calls per second',
        [
          [
            `sum by (type, reason) (${rate('reliability_refused_total', '{policy=~"$policy"}')})`,
            '{{type}} {{reason}}',
          ],
        ],
        { unit: 'ops' },
      ),
      panel(
        'Repeated attempts per second',
        [
          [
            `sum by (policy) (${rate('reliability_retry_attempts_repeated_total', '{policy=~"$policy"}')})`,
            '{{policy}}',
          ],
        ],
        { unit: 'ops' },
      ),
      panel('Budget of repetitions left', [
        [`min by (policy) (${metric('reliability_retry_budget_available')}{policy=~"$policy"})`, '{{policy}}'],
      ]),
      panel(
        'Waiting for permits, 95th percentile',
        [
          [
            `histogram_quantile(0.95, sum by (le, policy) (${rate('reliability_wait_duration_seconds_bucket', '{policy=~"$policy"}')}))`,
            '{{policy}}',
          ],
        ],
        { unit: 's' },
      ),
      panel('Abandoned work still running', [
        [`sum by (policy) (${metric('reliability_time_limit_abandoned_running')}{policy=~"$policy"})`, '{{policy}}'],
      ]),
      panel(
        'Ejections per second',
        [
          [
            `sum by (policy, cause) (${rate('reliability_load_balancer_ejections_total', '{policy=~"$policy"}')})`,
            '{{policy}} {{cause}}',
          ],
        ],
        { unit: 'ops' },
      ),
      row('Data'),
      panel(
        'Age of the last good answer',
        [[`max by (exchange) (${metric('collector_answer_age_seconds')})`, '{{exchange}}']],
        { unit: 's' },
      ),
      panel(
        'Rows made durable per second',
        [[`sum by (table) (${rate('collector_rows_written_total')})`, '{{table}}']],
        { unit: 'ops' },
      ),
      panel('Contracts whose history is to be read', [
        [`sum by (reason) (${metric('collector_unread_histories')})`, '{{reason}}'],
      ]),
    ],
  );
}

/** Windows of the alert rules: long and short. */
const BURN_WINDOWS = ['5m', '30m', '1h', '6h', '3d'];
const LATENCY_BOUNDS = ['0.1', '0.25', '1', '5'];

function slo(metric) {
  const calls = metric('reliability_circuit_breaker_calls_total');
  const bucket = metric('reliability_call_duration_seconds_bucket');
  const count = metric('reliability_call_duration_seconds_count');
  const failed = (window) =>
    `(sum by (policy) (rate(${calls}{policy=~"$policy",outcome="failure"}[${window}])) / ` +
    `(sum by (policy) (rate(${calls}{policy=~"$policy",outcome=~"success|failure"}[${window}])) > 0))`;
  const slow = (window) =>
    `(1 - sum by (policy) (rate(${bucket}{policy=~"$policy",type="circuit-breaker",le="$latency"}[${window}])) / ` +
    `(sum by (policy) (rate(${count}{policy=~"$policy",type="circuit-breaker"}[${window}])) > 0))`;
  const left = (bad) => `1 - ${bad} / (1 - $objective)`;
  const burn = (bad) => BURN_WINDOWS.map((window) => [`${bad(window)} / (1 - $objective)`, `{{policy}} ${window}`]);
  return dashboard(
    'marketprism-slo',
    'MarketPrism / Objectives',
    'Share of calls that succeed, share that is fast enough, and how fast the error budget is used up.',
    [
      labelVariable('policy', metric('reliability_health_score')),
      choiceVariable('objective', 'objective', ['0.9', '0.95', '0.99', '0.995', '0.999'], '0.99'),
      choiceVariable('latency', 'fast enough, in s', LATENCY_BOUNDS, '1'),
    ],
    [
      row('Calls that succeed'),
      panel('Success', [[`1 - ${failed('1h')}`, '{{policy}}']], {
        unit: 'percentunit',
        max: 1,
        description: 'Over the last hour',
      }),
      panel('Error budget left', [[left(failed('3d')), '{{policy}}']], {
        unit: 'percentunit',
        max: 1,
        description: 'Over the last three days; below 0 the objective is missed',
      }),
      panel('Burn rate', burn(failed), {
        description: '1 uses the budget up exactly within its time; the alerts fire at 14.4, 6 and 1',
      }),
      row('Calls that are fast enough'),
      panel('Fast enough', [[`1 - ${slow('1h')}`, '{{policy}}']], {
        unit: 'percentunit',
        max: 1,
        description: 'Over the last hour',
      }),
      panel('Latency budget left', [[left(slow('3d')), '{{policy}}']], {
        unit: 'percentunit',
        max: 1,
        description: 'Over the last three days; below 0 the objective is missed',
      }),
      panel('Burn rate of the latency budget', burn(slow), {
        description: '1 uses the budget up exactly within its time',
      }),
    ],
  );
}
