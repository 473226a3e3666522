import { z } from 'zod';
import { durationMs, functionOf, positiveCount, ratio } from '../core/options.js';
import { SEVERITIES } from './severity.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const number = () => z.number().finite();
const laterMs = () => z.number().min(0).finite();

/** When a condition becomes an alert, and when it is over. */
const timing = {
  forMs: laterMs().default(0).describe('How long the condition has to hold before the alert fires, in ms; default 0'),
  keepFiringMs: laterMs()
    .default(0)
    .describe('How long the condition has to be gone before the alert is over, in ms; default 0'),
  noDataAfterMs: durationMs()
    .optional()
    .describe(
      'Without a sample for this long, in ms, the alert is over; default 300,000 or 5 usual intervals, whichever is more',
    ),
};

/** `[long, short, factor, severity]` of the Site Reliability Workbook, table 5-8: 2 %, 5 % and 10 % of a 30-day budget. */
const BURN_WINDOWS = [
  { longMs: HOUR_MS, shortMs: 5 * MINUTE_MS, factor: 14.4, severity: 'critical' as const },
  { longMs: 6 * HOUR_MS, shortMs: 30 * MINUTE_MS, factor: 6, severity: 'critical' as const },
  { longMs: 3 * DAY_MS, shortMs: 6 * HOUR_MS, factor: 1, severity: 'warning' as const },
];

const over = z
  .strictObject({
    by: z
      .enum(['mean', 'min', 'max', 'increase', 'rate'])
      .describe('Figure of the window; increase and rate (per second) are of counters'),
    windowMs: durationMs().describe('Length of the window, in ms'),
  })
  .optional()
  .describe('Looks at a figure of a sliding window in place of each value');

/** What each kind of rule has of its own. */
const KINDS = {
  threshold: {
    kind: z.literal('threshold'),
    above: number().optional().describe('Breached above this value'),
    below: number().optional().describe('Breached below this value; one of above and below has to be given'),
    clear: number().optional().describe('Clear again at this value; default the limit itself'),
    over,
  },
  flapping: {
    kind: z.literal('flapping'),
    changes: positiveCount().default(6).describe('Breached from so many changes in the window; default 6'),
    clearChanges: z.int().min(0).optional().describe('Clear again at so many changes; default half of them'),
    windowMs: durationMs()
      .default(15 * MINUTE_MS)
      .describe('Length of the window, in ms; default 900,000'),
    counts: z
      .enum(['changes', 'increase'])
      .default('changes')
      .describe('changes: each value that differs from the one before; increase: the series counts them itself'),
    crossing: number().optional().describe('Counts only changes from one side of this value to the other'),
  },
  'error-rate': {
    kind: z.literal('error-rate'),
    above: ratio().describe('Breached when a larger share of the calls failed; 0 to 1'),
    clear: ratio().optional().describe('Clear again at this share; default the same'),
    windowMs: durationMs()
      .default(5 * MINUTE_MS)
      .describe('Length of the window, in ms; default 300,000'),
    minimumCalls: z
      .number()
      .min(0)
      .default(20)
      .describe('Fewer calls in the window are not judged, where the series counts them; default 20'),
  },
  'burn-rate': {
    kind: z.literal('burn-rate'),
    objective: ratio()
      .lt(1)
      .default(0.999)
      .describe('Share of calls that is to succeed; 0 to less than 1, default 0.999'),
    windows: z
      .array(
        z
          .strictObject({
            longMs: durationMs().describe('Window that shows that it matters, in ms'),
            shortMs: durationMs().describe('Window that shows that it is so now, in ms'),
            factor: z.number().positive().describe('Burn rate from which it is breached'),
            severity: z.enum(SEVERITIES).describe('How severe that is'),
          })
          .refine(({ longMs, shortMs }) => shortMs < longMs, {
            message: 'must be shorter than longMs',
            path: ['shortMs'],
          }),
      )
      .min(1)
      .max(10)
      .default(BURN_WINDOWS)
      .describe(
        'Default 14.4 × over 1 h and 5 min, 6 × over 6 h and 30 min (critical), 1 × over 3 d and 6 h (warning)',
      ),
    minimumCalls: z
      .number()
      .min(0)
      .default(20)
      .describe('A window with fewer calls burns nothing, where the series counts them; default 20'),
  },
  anomaly: {
    kind: z.literal('anomaly'),
    of: z
      .enum(['value', 'rate'])
      .default('value')
      .describe('What is looked at: the value, or the rate per second of a counter; default value'),
    direction: z
      .enum(['above', 'below', 'both'])
      .default('both')
      .describe('Which side of the expected value counts; default both'),
    sensitivity: z.number().min(1).max(100).default(4).describe('Robust z-score from which a value is odd; default 4'),
    confirm: z
      .strictObject({
        samples: positiveCount().describe('So many odd samples …'),
        of: positiveCount().max(60).describe('… of the last so many make a breach'),
      })
      .default({ samples: 3, of: 5 })
      .describe('How many odd samples it takes; default 3 of 5'),
    halfLife: z
      .number()
      .positive()
      .default(10)
      .describe('Samples after which the weight of one has halved; default 10'),
    history: z.int().min(10).max(2_000).default(240).describe('Residuals remembered; 10 to 2,000, default 240'),
    warmUp: z.int().min(5).max(2_000).default(30).describe('Samples before anything is judged; default 30'),
    acceptAfter: positiveCount()
      .max(2_000)
      .default(120)
      .describe('What has been odd for so many samples is the new normal; default 120'),
    minDeviation: z.number().min(0).default(0).describe('No deviation is taken to be smaller than this; default 0'),
    minShare: ratio()
      .default(0.02)
      .describe('Nor smaller than this share of the expected value: a series that never moves may; default 0.02'),
    season: z
      .strictObject({
        periodMs: durationMs().describe('Length of a season, in ms: 86,400,000 for days'),
        slots: z.int().min(2).max(1_440).default(48).describe('Places of the profile; 2 to 1,440, default 48'),
      })
      .optional()
      .describe('The series repeats itself: expected is what it was at this time of the last seasons'),
  },
  forecast: {
    kind: z.literal('forecast'),
    reaches: number().describe('The limit: 0 where something runs out, the capacity where it fills'),
    direction: z.enum(['rising', 'falling']).describe('Which way the series goes towards the limit'),
    withinMs: durationMs().describe('Breached when the limit is reached within this time, in ms'),
    windowMs: durationMs().describe('Readings that the line is drawn through, in ms'),
    minimumSamples: z.int().min(4).max(60).default(10).describe('Readings needed; 4 to 60, default 10'),
  },
} as const;

type Common = Readonly<Record<string, z.ZodType>>;

/** The kinds of rule, each with what they have in common. */
function rulesWith<C extends Common>(common: C) {
  const oneLimit = (rule: { above?: unknown; below?: unknown }) =>
    (rule.above === undefined) !== (rule.below === undefined);
  return z.discriminatedUnion('kind', [
    z.strictObject({ ...common, ...KINDS.threshold }).refine(oneLimit, 'must have one of above and below'),
    z.strictObject({ ...common, ...KINDS.flapping }),
    z.strictObject({ ...common, ...KINDS['error-rate'] }),
    z.strictObject({ ...common, ...KINDS['burn-rate'] }),
    z.strictObject({ ...common, ...KINDS.anomaly }),
    z.strictObject({ ...common, ...KINDS.forecast }),
  ]);
}

/** A rule for one series, without a name. */
export const seriesRule = rulesWith(timing);

/** A value read from something that alerts may be about. */
export interface Reading {
  readonly value: number;
  /** Where the value is part of it. */
  readonly total?: number;
  /** Tell the series of one source apart. */
  readonly labels?: Readonly<Record<string, string>>;
}

const path = z.string().regex(/^[\w-]+(\.([\w-]+|\*))*$/, 'must be a path such as counters.failures or refused.*');
const paths = z.union([path, z.array(path).min(1)]);

const source = z
  .union([
    functionOf<() => Reading | readonly Reading[]>(),
    z.strictObject({
      policyType: z.string().min(1).describe('Kind of policy whose snapshots are read: circuit-breaker'),
      value: paths.describe('Where the value is in a snapshot; several, and those that * stands for, are added up'),
      total: paths.optional().describe('Where the total is, for ratios'),
      is: z.array(z.string()).min(1).optional().describe('The value is 1 where it is one of these, else 0'),
      items: path.optional().describe('A list in the snapshot of which each item is a series, named by its id'),
      policies: z.array(z.string()).min(1).optional().describe('Only policies of these names; all by default'),
    }),
    z.strictObject({
      process: z
        .enum(['heapShare', 'residentBytes', 'eventLoopUtilization', 'cpuShare'])
        .describe('A figure of the process itself'),
    }),
  ])
  .describe('What the rule looks at: paths in the snapshots of policies, a figure of the process, or a function');

const escalation = z
  .array(
    z.strictObject({
      afterMs: durationMs().describe('How long the alert has fired without being acknowledged, in ms'),
      to: z.enum(SEVERITIES).describe('The severity that it then has'),
    }),
  )
  .max(5)
  .default([])
  .describe('Raises the severity of what nobody takes in hand, and so brings it to other sinks; none by default');

/** A rule with its name and what it looks at. */
export const alertRule = rulesWith({
  name: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'must be letters, digits and _')
    .describe('Unique among the rules'),
  source,
  severity: z.enum(SEVERITIES).default('warning').describe('info, warning or critical; default warning'),
  summary: z.string().max(500).optional().describe('One line for people; default the name of the rule'),
  runbook: z.string().max(500).optional().describe('Address of the page that says what to do'),
  labels: z
    .record(z.string().regex(/^[a-zA-Z_]\w*$/), z.string().max(200))
    .default({})
    .describe('Labels that all its alerts have'),
  escalation,
  ...timing,
});

export type SeriesRuleOptions = z.input<typeof seriesRule>;
export type SeriesRule = z.output<typeof seriesRule>;
export type AlertRuleOptions = z.input<typeof alertRule>;
export type AlertRule = z.output<typeof alertRule>;
export type AlertSource = AlertRule['source'];

type OfKind<K extends SeriesRule['kind']> = Extract<SeriesRule, { kind: K }>;
export type ThresholdRule = OfKind<'threshold'>;
export type FlappingRule = OfKind<'flapping'>;
export type ErrorRateRule = OfKind<'error-rate'>;
export type BurnRateRule = OfKind<'burn-rate'>;
export type AnomalyRule = OfKind<'anomaly'>;
export type ForecastRule = OfKind<'forecast'>;
