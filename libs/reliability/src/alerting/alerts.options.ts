import { z } from 'zod';
import { InvalidOptionsError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';
import { durationMs, functionOf, positiveCount, tryParseOptions } from '../core/options.js';
import type { PolicySnapshot } from '../core/policy.js';
import { BUILTIN_RULES } from './builtin-rules.js';
import { type AlertRule, alertRule } from './rule.options.js';
import { groupingOptions, sinkOptions } from './sink.options.js';

/** Options of alerting, `alerts` of the module. */
export const alertsOptions = z.strictObject({
  builtin: z
    .union([z.boolean(), z.strictObject({ except: z.array(z.string()).describe('Rules left out') })])
    .default(true)
    .describe('Whether the rules that come with the library apply; a rule of the same name takes the place of one'),
  rules: z.array(alertRule).max(1_000).default([]).describe('Rules of one’s own'),
  sinks: z
    .array(sinkOptions)
    .max(20)
    .default([{ kind: 'log', name: 'log' }])
    .describe('Where alerts go beside the events alert.firing and alert.resolved; default the log'),
  grouping: groupingOptions.prefault({}).describe('How alerts are put together in notifications'),
  delivery: z
    .strictObject({
      timeLimitMs: durationMs().default(5_000).describe('Time for one attempt to tell a sink, in ms; default 5,000'),
      attempts: positiveCount()
        .max(10)
        .default(3)
        .describe('Attempts of one delivery, the first included; 1 to 10, default 3'),
    })
    .prefault({})
    .describe('How a sink that fails is dealt with, beside the circuit breaker of its own that each one has'),
  evaluateEveryMs: durationMs()
    .min(100)
    .default(15_000)
    .describe('How often the rules are looked at, in ms; at least 100, default 15,000'),
  maxSeries: positiveCount()
    .max(100_000)
    .default(1_000)
    .describe('Series of one rule; further ones are counted and not looked at; default 1,000'),
  historySize: z.int().min(0).max(100_000).default(1_000).describe('Alerts kept in the history; default 1,000'),
  snapshots: z
    .array(functionOf<() => readonly PolicySnapshot[]>())
    .max(20)
    .default([])
    .describe('Snapshots of what is not a policy, for rules on their types: stream consumers, a store'),
});

export type AlertsOptions = z.input<typeof alertsOptions>;

export type ResolvedAlertsOptions = Omit<z.output<typeof alertsOptions>, 'rules' | 'builtin'> & {
  /** The built-in ones that apply included. */
  readonly rules: readonly AlertRule[];
};

/**
 * Options with all defaults and rules.
 * @throws InvalidOptionsError naming every problem: path, rule and value
 */
export function parseAlertsOptions(input: AlertsOptions, path = 'alerts'): ResolvedAlertsOptions {
  const problems: OptionProblem[] = [];
  const options = tryParseOptions(alertsOptions, input, path, problems);
  if (options === undefined) throw new InvalidOptionsError(problems);
  const { builtin, rules, ...rest } = options;
  problems.push(
    ...repeated(rules, `${path}.rules`),
    ...repeated(rest.sinks, `${path}.sinks`),
    ...unknownBuiltin(builtin, `${path}.builtin.except`),
  );
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  const own = new Set(rules.map(({ name }) => name));
  const left = typeof builtin === 'object' ? new Set(builtin.except) : own;
  const applying = builtin === false ? [] : builtinRules().filter(({ name }) => !own.has(name) && !left.has(name));
  return { ...rest, rules: [...applying, ...rules] };
}

let parsedBuiltin: readonly AlertRule[] | undefined;
const builtinRules = () => (parsedBuiltin ??= BUILTIN_RULES.map(({ rule }) => alertRule.parse(rule)));

function repeated(named: readonly { readonly name: string }[], path: string): OptionProblem[] {
  return named.flatMap(({ name }, index) =>
    named.findIndex((other) => other.name === name) === index
      ? []
      : [{ path: `${path}.${index}.name`, rule: 'must be unique', value: name }],
  );
}

function unknownBuiltin(builtin: z.output<typeof alertsOptions>['builtin'], path: string): OptionProblem[] {
  if (typeof builtin !== 'object') return [];
  return builtin.except.flatMap((name, index) =>
    BUILTIN_RULES.some(({ rule }) => rule.name === name)
      ? []
      : [{ path: `${path}.${index}`, rule: 'must be the name of a built-in rule', value: name }],
  );
}
