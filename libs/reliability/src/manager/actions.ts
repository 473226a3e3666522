import { z } from 'zod';

const name = () => z.string().min(1).max(200);
const reason = z.string().trim().min(1).max(1_000).describe('Why, for the audit trail; 1 to 1,000 characters');
const policy = name().describe('Name of the policy');
const patch = z.record(name(), z.record(name(), z.unknown()).nullable());

const force = z
  .strictObject({
    kind: z.literal('force'),
    policy,
    key: name().optional().describe('Only the circuit of this key'),
    state: z
      .enum(['open', 'closed', 'disabled', 'metrics-only', 'automatic'])
      .describe(
        'open: refuses all calls until changed. disabled: lets all pass unwatched. metrics-only: counts and refuses nothing. closed, automatic: closed with nothing recorded, in the configured mode',
      ),
    forMs: z
      .number()
      .positive()
      .max(7 * 86_400_000)
      .optional()
      .describe('With open: only for this long, in ms; then it probes and recovers as after a failure'),
    reason,
  })
  .refine(({ state, forMs }) => forMs === undefined || state === 'open', {
    path: ['forMs'],
    error: 'goes with the state open alone',
  })
  .describe('Puts a circuit breaker into a state');

const drain = z
  .strictObject({ kind: z.literal('drain'), policy, endpoint: name(), reason })
  .describe('Gives an endpoint no new calls until it is restored; those under way go on');

const restore = z
  .strictObject({ kind: z.literal('restore'), policy, endpoint: name(), reason })
  .describe('Lets a drained endpoint take calls again');

const weight = z
  .strictObject({
    kind: z.literal('weight'),
    policy,
    endpoint: name(),
    weight: z.number().positive().max(1_000_000),
    reason,
  })
  .describe('Changes the weight of an endpoint');

const change = z
  .strictObject({
    kind: z.literal('change'),
    defaults: z.record(name(), z.unknown()).optional().describe('Patch of the defaults'),
    policies: patch.optional().describe('Patch of the policies'),
    tenants: patch.optional().describe('Patch of the tenants'),
    expectedVersion: z
      .int()
      .min(1)
      .optional()
      .describe('Refused when another version of the configuration is in force'),
    reason,
  })
  .refine((given) => (given.defaults ?? given.policies ?? given.tenants) !== undefined, 'says nothing to change')
  .describe('Changes options, as a JSON merge patch (RFC 7396): what is left out stays, null removes');

const rollback = z
  .strictObject({ kind: z.literal('rollback'), version: z.int().min(1), reason })
  .describe('Brings back the whole configuration of an earlier version');

const decision = z
  .strictObject({
    kind: z.literal('decision'),
    rule: name(),
    enabled: z.boolean().describe('false: the rule is off, and what it has changed is changed back'),
    mode: z.enum(['apply', 'suggest']).default('apply').describe('What an enabled rule does with what it decides'),
    reason,
  })
  .describe('Switches a rule by which the manager decides');

/** Everything that can be done to a running system, by person or rule. */
export const actionSchema = z.discriminatedUnion('kind', [force, drain, restore, weight, change, rollback, decision]);

export type Action = z.input<typeof actionSchema>;
export type CheckedAction = z.output<typeof actionSchema>;
