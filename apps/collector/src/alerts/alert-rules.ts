import type { AlertRuleOptions } from '@marketprism/reliability/alerting';

const MINUTE_MS = 60_000;
/** Without a good answer for this long, rates are of no use to anybody. */
const OLD_MS = 15 * MINUTE_MS;

const runbook = (name: string) => `docs/runbooks/${name}.md`;

/**
 * What a desk wants to know beside the rules that come with the library; the same as
 * `deploy/prometheus/rules/collector.rules.yml`.
 * @param longestFreshMs for how long an answer of the list that is polled least counts as fresh
 */
export const collectorRules = (longestFreshMs: number): readonly AlertRuleOptions[] => [
  {
    name: 'AnswersOld',
    summary: 'An exchange gives no good answers; its rates are old',
    kind: 'threshold',
    source: { policyType: 'collector-list', value: 'answerAgeMs' },
    above: Math.max(OLD_MS, longestFreshMs),
    forMs: MINUTE_MS,
    severity: 'critical',
    runbook: runbook('AnswersOld'),
  },
  {
    name: 'RowsRejected',
    summary: 'An exchange sends rows that cannot be true',
    kind: 'error-rate',
    source: { policyType: 'collector-list', value: 'rejected', total: ['rejected', 'rows'] },
    above: 0.05,
    windowMs: 15 * MINUTE_MS,
    forMs: 5 * MINUTE_MS,
    runbook: runbook('RowsRejected'),
  },
  {
    name: 'StoreFailing',
    summary: 'Rows cannot be made durable',
    kind: 'threshold',
    source: { policyType: 'collector-store', value: 'failing' },
    above: 0,
    forMs: 2 * MINUTE_MS,
    severity: 'critical',
    runbook: runbook('StoreFailing'),
  },
  {
    name: 'ReplicaBehind',
    summary: 'A node lacks what the primary has',
    kind: 'threshold',
    source: { policyType: 'collector-store', items: 'nodes', value: 'behind' },
    above: 1_000,
    forMs: 10 * MINUTE_MS,
    runbook: runbook('ReplicaBehind'),
  },
];
