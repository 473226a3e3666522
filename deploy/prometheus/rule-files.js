// The rule files and their unit tests, from the rules of the library: `npm run docs` writes them.
import { stringify } from 'yaml';
import { readingsOf, SCENARIOS } from './scenarios.js';

const HEAD = '# Made by `npm run docs` from the rules of the library; not to be edited.\n';
/** Seconds between readings: rules on long series need not be looked at as often as those on short ones. */
const EVERY = [...new Set(SCENARIOS.map(({ every }) => every))];
const TARGET = { job: 'app', instance: 'a' };

const yaml = (value) => HEAD + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** Paths below this folder and what stands in the files. */
export function ruleFiles({ BUILTIN_RULES, prometheusRules }) {
  const file = prometheusRules(BUILTIN_RULES);
  return {
    'rules/reliability.rules.yml': yaml(file),
    ...Object.fromEntries(
      EVERY.map((every) => [`tests/reliability.${every}s.test.yml`, yaml(testsOf(file, BUILTIN_RULES, every))]),
    ),
  };
}

function testsOf({ groups }, builtin, every) {
  const alerts = groups.flatMap(({ rules }) => rules).filter((rule) => 'alert' in rule);
  return {
    rule_files: ['../rules/reliability.rules.yml'],
    evaluation_interval: `${every}s`,
    tests: SCENARIOS.filter((scenario) => scenario.every === every).map((scenario) =>
      testOf(scenario, alerts, builtin),
    ),
  };
}

function testOf({ alert: name, title, fires, every, severities, value, rest = [], total = [] }, alerts, builtin) {
  const expected = alerts.filter(
    ({ alert, labels }) => fires && alert === name && severities?.includes(labels.severity) !== false,
  );
  const { by } = builtin.find(({ rule: { name: other } }) => other === name).prometheus;
  const known = { ...TARGET, ...value[0].labels };
  const own = Object.fromEntries(by.map((label) => [label, known[label]]));
  return {
    name: `${name} ${fires ? 'fires' : 'stays quiet'}${title === undefined ? '' : `: ${title}`}`,
    interval: `${every}s`,
    input_series: [...value, ...rest, ...total].map((one) => ({
      series: `${one.metric}{${labelsOf({ ...TARGET, ...one.labels })}}`,
      values: one.parts.map(({ from, by: step, count }) => `${from}${step < 0 ? '' : '+'}${step}x${count}`).join(' '),
    })),
    alert_rule_test: [
      {
        eval_time: `${(readingsOf(value[0]).length - 1) * every}s`,
        alertname: name,
        exp_alerts: expected.map(({ labels, annotations }) => ({
          exp_labels: { ...own, ...labels },
          exp_annotations: annotations,
        })),
      },
    ],
  };
}

const labelsOf = (labels) =>
  Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(', ');
