import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  alertRule,
  type BuiltinRule,
  BUILTIN_RULES,
  type PrometheusRuleFile,
  prometheusRules,
  SeriesAlert,
} from '@marketprism/reliability/alerting';
import { RELIABILITY_FAMILIES } from '@marketprism/reliability/prometheus';
import { STORE_FAMILIES } from '@marketprism/store/prometheus';
import { STREAM_FAMILIES } from '@marketprism/stream/prometheus';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { parse } from 'yaml';
import { COLLECTOR_FAMILIES } from '../../apps/collector/src/metrics/collector-families.js';
import { describeWithEngines, findEngine } from '../engines/engine.js';

interface Series {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
}
interface Scenario {
  readonly alert: string;
  readonly title?: string;
  readonly fires: boolean;
  readonly every: number;
  readonly value: readonly Series[];
  readonly rest?: readonly Series[];
  readonly total?: readonly Series[];
}

// Plain JavaScript, shared with `npm run docs`.
const { SCENARIOS, readingsOf } = jest.requireActual<{
  SCENARIOS: readonly Scenario[];
  readingsOf: (series: Series) => number[];
}>('../../deploy/prometheus/scenarios.js');
const { ruleFiles } = jest.requireActual<{
  ruleFiles: (library: unknown) => Readonly<Record<string, string>>;
}>('../../deploy/prometheus/rule-files.js');

const root = join(__dirname, '../..');
const folder = join(root, 'deploy/prometheus');
const ruleFileNames = readdirSync(join(folder, 'rules'));
const allRules = ruleFileNames.flatMap((name) =>
  (parse(readFileSync(join(folder, 'rules', name), 'utf8')) as PrometheusRuleFile).groups.flatMap(({ rules }) => rules),
);
const exported = BUILTIN_RULES.filter(({ prometheus }) => prometheus !== undefined);

/** Every metric that an application of ours can show, with its labels. */
function knownMetrics(): Map<string, readonly string[] | undefined> {
  const known = new Map<string, readonly string[] | undefined>();
  for (const { name, kind, labels } of [
    ...RELIABILITY_FAMILIES,
    ...STREAM_FAMILIES,
    ...STORE_FAMILIES,
    ...COLLECTOR_FAMILIES,
  ]) {
    known.set(name, labels);
    if (kind === 'histogram') for (const part of ['bucket', 'sum', 'count']) known.set(`${name}_${part}`, labels);
  }
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray()) known.set(name, undefined);
  registry.clear();
  return known;
}

describe('the rule files for Prometheus', () => {
  it('are those of the library (`npm run docs` writes them)', () => {
    const made = ruleFiles({ BUILTIN_RULES, prometheusRules });
    for (const [name, text] of Object.entries(made)) {
      expect(parse(readFileSync(join(folder, name), 'utf8'))).toEqual(parse(text));
    }
  });

  it('look at metrics and labels that exist', () => {
    const known = knownMetrics();
    const recorded = new Set(allRules.flatMap((rule) => ('record' in rule ? [rule.record] : [])));
    const unknown = allRules.flatMap(({ expr }) => {
      const selectors = expr.matchAll(/(?<![\w:"])([a-z][a-z0-9]*(?:[_:][a-zA-Z0-9_:]+)+)(?:\{([^}]*)\})?/g);
      return [...selectors].flatMap(([, name, matchers = '']) => {
        if (recorded.has(name!) || FUNCTIONS.has(name!)) return [];
        if (!known.has(name!)) return [name!];
        const labels = known.get(name!);
        const wrong = [...matchers.matchAll(/(\w+)\s*=/g)].filter(([, label]) => labels?.includes(label!) === false);
        return wrong.map(([, label]) => `${name!}{${label!}}`);
      });
    });
    expect(unknown).toEqual([]);
  });

  it('tell series apart by labels that exist', () => {
    const known = knownMetrics();
    for (const { prometheus } of exported) {
      const name = prometheus!.value.replace(/\{.*/, '');
      const labels = ['job', 'instance', ...(known.get(name) ?? [])];
      expect(labels).toEqual(expect.arrayContaining([...prometheus!.by]));
    }
  });

  it('have a page for each alert, and no page is left over', () => {
    const alerts = new Set([
      ...allRules.flatMap((rule) => ('alert' in rule ? [rule.alert] : [])),
      ...BUILTIN_RULES.map(({ rule }) => rule.name),
    ]);
    const pages = readdirSync(join(root, 'docs/runbooks')).map((name) => name.slice(0, -'.md'.length));
    expect(pages.filter((name) => name !== 'README').sort()).toEqual([...alerts].sort());
    for (const name of alerts) {
      const page = readFileSync(join(root, 'docs/runbooks', `${name}.md`), 'utf8');
      expect(page).toMatch(new RegExp(`^# ${name}\n`));
      expect(page.match(/^## .*/gm)).toEqual(['## What it means', '## How to see why', '## What to do']);
    }
    for (const rule of allRules) {
      if ('alert' in rule) expect(existsSync(join(root, rule.annotations['runbook_url']!))).toBe(true);
    }
  });

  it('have pages that speak of metrics that exist', () => {
    const known = knownMetrics();
    const folder = join(root, 'docs/runbooks');
    const unknown = readdirSync(folder).flatMap((name) =>
      [
        ...readFileSync(join(folder, name), 'utf8').matchAll(
          /`[^`]*?\b((?:reliability|stream|store|collector|nodejs|process)_\w+)/g,
        ),
      ]
        .filter(([, metric]) => !known.has(metric!))
        .map(([, metric]) => `${name}: ${metric!}`),
    );
    expect(unknown).toEqual([]);
  });

  it('are tested with series on which each alert fires and with others on which it does not', () => {
    for (const { rule } of exported) {
      const own = SCENARIOS.filter(({ alert }) => alert === rule.name).map(({ fires }) => fires);
      expect([rule.name, own.includes(true), own.includes(false)]).toEqual([rule.name, true, true]);
    }
  });

  describeWithEngines(['promtool'], 'with promtool', () => {
    const promtool = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(findEngine('promtool')!, args, { cwd: folder, encoding: 'utf8' });
      return { status, said: `${stdout}${stderr}` };
    };

    it('are correct', () => {
      const { status, said } = promtool('check', 'rules', ...ruleFileNames.map((name) => join('rules', name)));
      expect({ status, said }).toEqual({ status: 0, said: expect.not.stringMatching(/FAILED|lint/i) as unknown });
    });

    it('pass their unit tests', () => {
      const tests = readdirSync(join(folder, 'tests')).map((name) => join('tests', name));
      const { status, said } = promtool('test', 'rules', ...tests);
      expect({ status, said }).toEqual({ status: 0, said: expect.not.stringContaining('FAILED') as unknown });
    }, 600_000);
  });
});

/** Words of PromQL with an underscore. */
const FUNCTIONS = new Set([
  'predict_linear',
  'quantile_over_time',
  'count_over_time',
  'avg_over_time',
  'max_over_time',
]);

describe('the same rules in the library', () => {
  it.each(SCENARIOS.map((scenario) => [titleOf(scenario), scenario] as const))('%s', (_, scenario) => {
    const builtin = BUILTIN_RULES.find(({ rule }) => rule.name === scenario.alert)!;
    expect(firesAtEnd(builtin, scenario)).toBe(scenario.fires);
  });
});

function titleOf({ alert, fires, title }: Scenario): string {
  return `${alert} ${fires ? 'fires' : 'stays quiet'}${title === undefined ? '' : `: ${title}`}`;
}

/** The rule on what the scenario's series add up to, in the rule's own units. */
function firesAtEnd({ rule, prometheus }: BuiltinRule, { every, value, rest = [], total = [] }: Scenario): boolean {
  const alert = new SeriesAlert(alertRule.parse(rule));
  const sum = (many: readonly Series[], index: number) =>
    many.reduce((all, one) => all + readingsOf(one)[index]!, 0) / (prometheus!.unit ?? 1);
  const count = readingsOf(value[0]!).length;
  for (let index = 0; index < count; index += 1) {
    const part = sum(value, index);
    const whole = total.length > 0 ? sum(total, index) : rest.length > 0 ? part + sum(rest, index) : undefined;
    alert.observe({ at: index * every * 1_000, value: part, total: whole });
  }
  return alert.evaluation.state === 'firing';
}
