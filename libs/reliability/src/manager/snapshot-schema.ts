import { z } from 'zod';

/** Version of the snapshot's shape: rises when a field is renamed, removed or changes its meaning, not when one is added. */
export const SNAPSHOT_SCHEMA = 1;

const count = () => z.number().min(0);
const counts = () => z.record(z.string(), count());
const score = () => z.number().min(0).max(100);

const base = { name: z.string() };

const circuit = {
  state: z.enum(['closed', 'open', 'half-open', 'ramping', 'forced-open', 'disabled']),
};

/** Fields that are sure to be there, by kind of policy; there may be more. */
const POLICY_SHAPES = [
  z.looseObject({
    ...base,
    type: z.literal('circuit-breaker'),
    mode: z.enum(['enforce', 'metrics-only', 'disabled', 'forced-open']),
    ...circuit,
    keys: z.looseObject({
      held: count(),
      notClosed: count(),
      shown: z.record(z.string(), z.looseObject(circuit)),
    }),
    counters: counts(),
  }),
  z.looseObject({
    ...base,
    type: z.literal('rate-limiter'),
    mode: z.enum(['wait', 'reject']),
    waiting: counts(),
    refused: counts(),
    remaining: count(),
    pausedForMs: count(),
  }),
  z.looseObject({
    ...base,
    type: z.literal('bulkhead'),
    limit: count(),
    maxConcurrent: count(),
    inFlight: count(),
    abandoned: count(),
    queued: count(),
    refused: counts(),
  }),
  z.looseObject({
    ...base,
    type: z.literal('load-balancer'),
    strategy: z.string(),
    panic: z.boolean(),
    picks: count(),
    refused: count(),
    endpoints: z.array(z.looseObject({ id: z.string(), service: z.string(), weight: count() })),
    /** Ids of endpoints that were taken out by hand. */
    suspended: z.array(z.string()),
  }),
  z.looseObject({
    ...base,
    type: z.literal('retry'),
    calls: count(),
    sleeping: count(),
    budget: z.looseObject({}),
  }),
  z.looseObject({
    ...base,
    type: z.literal('hedge'),
    delayMs: count().nullable(),
    calls: count(),
    sent: count(),
    won: count(),
    suppressed: counts(),
  }),
  z.looseObject({ ...base, type: z.enum(['time-limit', 'deadline']), exceeded: count(), running: count() }),
  z.looseObject({
    ...base,
    type: z.literal('fallback'),
    answered: counts(),
    failedSteps: count(),
    unanswered: count(),
  }),
  z.looseObject({ ...base, type: z.literal('coalesce'), calls: count(), shared: count(), inFlight: count() }),
  z.looseObject({ ...base, type: z.literal('chaos'), on: z.boolean(), injected: counts() }),
] as const;

const KNOWN_TYPES = new Set(
  POLICY_SHAPES.flatMap(({ shape: { type } }) => (type instanceof z.ZodEnum ? type.options : [type.value])) as string[],
);

const ownPolicy = z.looseObject({
  ...base,
  type: z.string().refine((type) => !KNOWN_TYPES.has(type), 'is a built-in kind of policy of another shape'),
});

const reason = z.looseObject({ policyType: z.string(), reason: z.string(), points: z.number() });

const policy = z.union([...POLICY_SHAPES, ownPolicy]);

/** The manager's snapshot as JSON. */
export const snapshotSchema = z.looseObject({
  schema: z.literal(SNAPSHOT_SCHEMA),
  /** Ms since the Unix epoch. */
  at: z.number(),
  health: z.looseObject({
    score: score(),
    dependencies: z.array(
      z.looseObject({ name: z.string(), score: score(), reasons: z.array(reason), unreachable: z.boolean() }),
    ),
  }),
  policies: z.array(policy),
  /** Tenants with settings of their own. */
  tenants: z.strictObject({
    configured: z.int().min(0),
    /** Policies of tenants that were called. */
    called: z.int().min(0),
    /** The first of these, at most 20. */
    shown: z.array(z.strictObject({ tenant: z.string(), policy })),
  }),
  configuration: z.strictObject({
    /** 0 until the first one is applied. */
    version: z.int().min(0),
    sources: z.array(
      z.strictObject({
        name: z.string(),
        available: z.boolean(),
        problem: z.string().optional(),
        revision: z.string().optional(),
        keepsChanges: z.boolean(),
      }),
    ),
    /** Options set while running that are in force. */
    overrides: z.int().min(0),
  }),
  decisions: z.array(
    z.strictObject({
      rule: z.string(),
      description: z.string(),
      mode: z.enum(['off', 'suggest', 'apply']),
      /** What it has changed and not changed back, or suggests. */
      standing: z.array(
        z.strictObject({
          rule: z.string(),
          /** Path of the option. */
          setting: z.string(),
          explanation: z.string(),
          applied: z.boolean(),
          /** Ms since the Unix epoch. */
          since: z.number(),
        }),
      ),
    }),
  ),
});

export type ManagerSnapshot = z.output<typeof snapshotSchema>;

/** The same as JSON Schema (draft 2020-12), for readers in other languages. */
export const snapshotJsonSchema = (): object => z.toJSONSchema(snapshotSchema, { unrepresentable: 'any' });
