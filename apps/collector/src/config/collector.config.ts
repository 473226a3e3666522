import { alertRule, BUILTIN_RULES } from '@marketprism/reliability/alerting';
import { z } from 'zod';
import { collectorRules } from '../alerts/alert-rules.js';
import type { VenueId } from '../venues/venue.js';
import { VENUE_IDS } from '../venues/venue.js';
import { VENUES } from '../venues/venues.js';

const milliseconds = (least: number, most: number) => z.int().min(least).max(most);
const DAY_MS = 86_400_000;

const origin = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' });

const limitSchema = z.strictObject({
  /** Weight that the venue allows in any window. */
  limit: z.int().min(1).max(1_000_000),
  /** Length of that window, in ms. */
  windowMs: milliseconds(100, 3_600_000),
});

const venueSchema = z.strictObject({
  /** Origins that answer for the venue; each gets a breaker of its own, all share one limit. Default: documented ones. */
  hosts: z.array(origin).min(1).max(16).optional(),
  /** Groups of symbols to ask for. Default: all that the venue has. */
  lists: z.array(z.string().min(1)).min(1).optional(),
  /** Native ids to keep. Default: all. */
  symbols: z.array(z.string().min(1)).max(2_000).default([]),
  /** Between two polls of a list, in ms. Default: `collect.pollEveryMs`. */
  pollEveryMs: milliseconds(100, DAY_MS).optional(),
  /** What the venue allows. Default: what it documents. */
  limit: limitSchema.optional(),
});

const collectSchema = z.strictObject({
  /** Between two polls of a list, in ms. */
  pollEveryMs: milliseconds(100, DAY_MS).default(30_000),
  /** Share of the interval by which each poll may come earlier or later. */
  jitter: z.number().min(0).max(0.5).default(0.1),
  /** An extra poll this long before each settlement, in ms; 0 for none. */
  beforeSettlementMs: milliseconds(0, 600_000).default(3_000),
  /** An extra poll this long after each settlement, in ms; 0 for none. */
  afterSettlementMs: milliseconds(0, 600_000).default(2_000),
  /** Longest time for one poll, retries and waits included, in ms. */
  deadlineMs: milliseconds(100, 600_000).default(60_000),
  /** Longest time for one request, in ms. */
  requestTimeoutMs: milliseconds(50, 120_000).default(10_000),
  /** Market lists are loaded again after this long, in ms. */
  marketsEveryMs: milliseconds(1_000, 7 * DAY_MS).default(3_600_000),
  /** Intervals that a second endpoint tells are asked for again after this long, in ms. */
  intervalsEveryMs: milliseconds(1_000, 7 * DAY_MS).default(3_600_000),
  /** Settlements that history has and the table lacks are looked for this often, in ms; 0 for never. */
  historyEveryMs: milliseconds(0, DAY_MS).default(30_000),
  /** How far back missed settlements are filled, in ms. */
  historyDepthMs: milliseconds(0, 90 * DAY_MS).default(3 * DAY_MS),
});

const plausibilitySchema = z.strictObject({
  /** Least share of the last good answer's rows. */
  minShareOfLast: z.number().min(0).max(1).default(0.5),
  /** Coin that an answer must have if the last good one had it; empty for none. */
  liquidBase: z.string().default('BTC'),
  /** A smaller answer that keeps coming is believed after this long, in ms. */
  believeAfterMs: milliseconds(0, DAY_MS).default(900_000),
  /** Rates beyond this, per interval and in either direction, are set aside. */
  maxAbsoluteRate: z.number().positive().max(100).default(1),
});

const storageSchema = z.strictObject({
  /** Records per insert at most. */
  batchRows: z.int().min(1).max(10_000).default(5_000),
  /** Records wait at most this long in the stream for others, in ms. */
  flushEveryMs: milliseconds(1, 60_000).default(50),
  /** Rows in memory that the stream does not take yet; beyond it polls wait. */
  queueRows: z.int().min(100).max(10_000_000).default(50_000),
  /** Inserts at once. */
  writers: z.int().min(1).max(32).default(2),
  /** Observations older than this many days are dropped; null keeps them. Settlements are always kept. */
  observationDays: z.int().min(1).max(36_500).nullable().default(null),
});

const address = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' });

const streamSchema = z.strictObject({
  /** A NATS server with JetStream, `nats://host:4222`, or several of a cluster with commas between. NATS_URL wins. */
  nats: z
    .string()
    .refine(
      (text) => text.split(',').every((one) => /^(nats|tls|wss?):\/\/[^\s/]+\/?$/.test(one.trim())),
      'must be nats://host:port, or several with commas between',
    )
    .nullable()
    .default(null),
  /** Name of the stream on it. */
  name: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, _ and -')
    .default('marketprism'),
  /** Copies of the stream in a cluster. */
  replicas: z.int().min(1).max(5).default(1),
  /** Bytes that wait to be stored at most; beyond it polls wait. */
  maxBytes: z.int().min(67_108_864).max(1_099_511_627_776).default(1_073_741_824),
});

const storeSchema = z
  .strictObject({
    /** A ClickHouse server, or the replicas of a cluster with commas between. CLICKHOUSE_URL wins. */
    url: z
      .string()
      .refine(
        (text) => text.split(',').every((one) => address.safeParse(one.trim()).success),
        'must be an http:// or https:// address, or several with commas between',
      )
      .nullable()
      .default(null),
    /** Embedded engines: 1 runs in this process, more run in a process and a directory of their own each. */
    nodes: z.int().min(1).max(9).default(1),
    /** Independent servers, each of which gets every row. */
    servers: z.array(address).max(9).default([]),
    /** Of several nodes or servers, how many besides the primary must have a row before it counts as stored. */
    minReplicas: z.int().min(0).max(8).default(1),
  })
  .superRefine(({ url, nodes, servers, minReplicas }, context) => {
    const given = [url !== null && 'url', nodes > 1 && 'nodes', servers.length > 0 && 'servers'].filter(Boolean);
    const problem = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    if (given.length > 1)
      problem(String(given.at(-1)), `must not be given together with ${given.slice(0, -1).join(', ')}`);
    if (servers.length === 1) problem('servers', 'must be two or more; give a single one as url');
    if (new Set(servers).size < servers.length) problem('servers', 'must differ from each other');
    const count = Math.max(nodes, servers.length);
    if (count > 1 && minReplicas >= count) problem('minReplicas', `must be less than the number of nodes, ${count}`);
  });

const httpSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(3_000),
  /** A last answer older than this many polling intervals is marked stale. */
  freshIntervals: z.number().min(1).max(1_000).default(3),
});

const reliabilitySchema = z.strictObject({
  breakerOpenForMs: milliseconds(10, 3_600_000).default(5_000),
  breakerCapMs: milliseconds(10, 3_600_000).default(15_000),
  retryBaseMs: milliseconds(1, 60_000).default(500),
  retryCapMs: milliseconds(1, 600_000).default(10_000),
  retryAttempts: z.int().min(1).max(20).default(4),
  /** YAML or JSON file whose options are laid over those of the policies, and followed while running. */
  file: z.string().min(1).nullable().default(null),
});

/** Variable with the secret that the webhook is signed with. */
export const WEBHOOK_SECRET = 'ALERTS_WEBHOOK_SECRET';

/** Rules that come with the library: a name here is a policy's, not the collector's. */
export const LIBRARY_RULES: ReadonlySet<string> = new Set(BUILTIN_RULES.map(({ rule }) => rule.name));
const RULES: ReadonlySet<string> = new Set([...LIBRARY_RULES, ...collectorRules(0).map(({ name }) => name)]);

/** Told otherwise already, or true of any venue: what fails here reopens its circuit each few seconds, and sets its pace. */
const LEFT_OUT = ['CircuitFlapping', 'ErrorBudgetBurn', 'TrafficUnusual'];

const receiver = origin.refine(
  (text) => !URL.canParse(text) || new URL(text).username === '',
  'must not have a user or password in it',
);

const alertsSchema = z.strictObject({
  /** Whether alerts are lines of the log. */
  log: z.boolean().default(true),
  /** Notified as JSON, signed where ALERTS_WEBHOOK_SECRET is set. */
  webhook: z
    .strictObject({
      url: receiver,
      /** Takes only alerts of these; all by default. */
      severities: z
        .array(z.enum(['info', 'warning', 'critical']))
        .min(1)
        .default(['info', 'warning', 'critical']),
    })
    .nullable()
    .default(null),
  alertmanager: z
    .strictObject({ url: receiver, labels: z.record(z.string(), z.string()).default({}) })
    .nullable()
    .default(null),
  /** Rules that are left out, of the library's and the collector's own. */
  except: z
    .array(z.string().refine((name) => RULES.has(name), 'must be the name of a built-in rule'))
    .default(LEFT_OUT),
  /** Further rules; one of the same name takes the place of a built-in one. */
  rules: z
    .array(alertRule)
    .max(1_000)
    .refine((rules) => new Set(rules.map(({ name }) => name)).size === rules.length, 'must have names that differ')
    .default([]),
  evaluateEveryMs: milliseconds(100, DAY_MS).default(15_000),
});

const controlStoreSchema = z.strictObject({
  /** `file:…` or `postgresql://…`. Default: DATABASE_URL, else `control.db` under `data`. */
  url: z.string().min(1).optional(),
  /** Tells collectors that share a database apart. */
  instance: z.string().min(1).max(100).default('collector'),
  keep: z
    .strictObject({
      versions: z.int().min(1).max(1_000_000).default(1_000),
      auditEntries: z.int().min(1).max(10_000_000).default(100_000),
      alerts: z.int().min(1).max(10_000_000).default(100_000),
    })
    .prefault({}),
});

export const collectorSchema = z.strictObject({
  /** Directory of the database and the market lists. */
  data: z.string().min(1).default('./data'),
  http: httpSchema.prefault({}),
  collect: collectSchema.prefault({}),
  plausibility: plausibilitySchema.prefault({}),
  stream: streamSchema.prefault({}),
  store: storeSchema.prefault({}),
  storage: storageSchema.prefault({}),
  reliability: reliabilitySchema.prefault({}),
  /** What is looked at and who is told; null looks at nothing. */
  alerts: alertsSchema.nullable().prefault({}),
  /** Keeps configuration versions, the audit trail and alerts; null keeps them in memory. */
  controlStore: controlStoreSchema.nullable().default(null),
  /** Venues to collect from, by id. Default: all, as documented. */
  venues: z
    .partialRecord(z.enum(VENUE_IDS), venueSchema.nullable())
    .default(() => Object.fromEntries(VENUE_IDS.map((id) => [id, null])))
    .superRefine((venues, context) => {
      for (const [id, venue] of Object.entries(venues)) {
        const known = Object.keys(VENUES[id as VenueId].lists);
        venue?.lists?.forEach((list, index) => {
          if (known.includes(list)) return;
          context.addIssue({
            code: 'custom',
            path: [id, 'lists', index],
            message: `must be one of ${known.join(', ')}`,
            input: list,
          });
        });
      }
    }),
});

export type CollectorConfig = z.output<typeof collectorSchema>;
export type CollectorInput = z.input<typeof collectorSchema>;
