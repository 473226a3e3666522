import { z } from 'zod';
import type { Call } from '../core/call.js';
import { ERROR_CLASSES } from '../core/error-class.js';
import { durationMs, functionOf, ratio } from '../core/options.js';

const milliseconds = () => z.number().min(0).finite();

/** Which calls an injection is for. */
const selection = {
  rate: ratio().describe('Share of the calls it is for that it befalls, 0 to 1'),
  keys: z.array(z.string().min(1)).min(1).optional().describe('Only calls with one of these keys; default: all'),
  when: functionOf<(call: Call) => boolean>().optional().describe('Only calls for which this is true; default: all'),
  afterMs: milliseconds().default(0).describe('Begins so long after chaos was switched on, in ms; default 0'),
  forMs: durationMs().optional().describe('Ends so long after it began, in ms; default: not'),
};

const fault = z
  .strictObject({
    kind: z.literal('fault'),
    ...selection,
    errorClass: z.enum(ERROR_CLASSES).default('server').describe('What kind of failure it is; default server'),
    retryAfterMs: milliseconds().optional().describe('Wait that the failure asks for, in ms; default: none'),
    error: functionOf<(call: Call) => unknown>().optional().describe('Makes the error; default: a ChaosInjectedError'),
  })
  .describe('The call fails without being made');

const latency = z
  .strictObject({
    kind: z.literal('latency'),
    ...selection,
    latencyMs: milliseconds().describe('Delay before the call is made, in ms'),
    jitterMs: milliseconds().default(0).describe('Chance adds up to this, in ms; default 0'),
  })
  .describe('The call is delayed; an abort ends the delay');

const result = z
  .strictObject({
    kind: z.literal('result'),
    ...selection,
    value: z.unknown().optional().describe('The result, given as it is'),
    make: functionOf<(call: Call) => unknown>().optional().describe('Makes the result, in place of value'),
  })
  .describe('The call succeeds with this result without being made');

const behaviour = z
  .strictObject({
    kind: z.literal('behaviour'),
    ...selection,
    run: functionOf<(call: Call) => unknown>().describe('Done before the call is made, and waited for'),
  })
  .describe('Something happens before the call is made: a cache is emptied, a connection cut');

/** Options of chaos. */
export const chaosOptions = z.strictObject({
  enabled: z.boolean().default(false).describe('Whether it is on from the start; default false'),
  forMs: durationMs().optional().describe('Switches itself off so long after it was switched on, in ms; default: not'),
  environments: z
    .array(z.string().min(1))
    .default(['development', 'test'])
    .describe('Values of NODE_ENV in which it can be on; default development and test'),
  allowInProduction: z
    .boolean()
    .default(false)
    .describe(
      'Whether it can be on where NODE_ENV is not set or begins with prod or live; environments alone is not enough there; default false',
    ),
  injections: z
    .array(z.discriminatedUnion('kind', [fault, latency, result, behaviour]))
    .min(1)
    .describe('What befalls calls, in this order: the first fault or result ends the call'),
});

export type ChaosOptions = z.input<typeof chaosOptions>;
export type ResolvedChaosOptions = z.output<typeof chaosOptions>;
export type Injection = ResolvedChaosOptions['injections'][number];
export type FaultInjection = Extract<Injection, { kind: 'fault' }>;
