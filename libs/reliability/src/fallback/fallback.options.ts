import { z } from 'zod';
import { ERROR_CLASSES, type Classify } from '../core/error-class.js';
import { durationMs, functionOf, positiveCount } from '../core/options.js';
import type { Staleness } from './staleness.js';

/** Gives an answer in place of the failed call. `this` is what the method belongs to. */
export type FallbackHandler = (error: unknown, ...args: never[]) => unknown;

const condition = {
  errors: z
    .array(z.enum(ERROR_CLASSES))
    .min(1)
    .optional()
    .describe('Answers errors of these classes only; default: of every class'),
  when: functionOf<(error: unknown) => boolean>().optional().describe('Answers only the errors for which this is true'),
};

const source = {
  method: z
    .string()
    .min(1)
    .optional()
    .describe('Name of a method of the same object: called with the arguments of the call, then the error'),
  handler: functionOf<FallbackHandler>().optional().describe('Called with the error, then the arguments of the call'),
  value: z.unknown().optional().describe('The answer itself, given to every caller as it is'),
};

const step = z.strictObject({
  ...condition,
  lastGood: z.literal(true).optional().describe('The last good value of the same call, where it is not too old'),
  ...source,
});

const lastGood = z.strictObject({
  maxAgeMs: durationMs()
    .default(300_000)
    .describe('A value older than this is no answer any more, in ms; default 300,000'),
  maxKeys: positiveCount().default(1_000).describe('Values kept at a time; at least 1, default 1,000'),
  keep: functionOf<(value: never) => boolean>()
    .optional()
    .describe('Whether a value is good enough to be kept; default: every value but undefined'),
  copy: z
    .boolean()
    .default(false)
    .describe(
      'Keeps and gives structured clones, so that nobody changes what others are given; default false: the value itself',
    ),
  mark: functionOf<(value: never, staleness: Staleness) => unknown>()
    .optional()
    .describe('Makes the answer of the kept value, to show its age in it; default: the value itself'),
});

const SOURCES = ['lastGood', 'method', 'handler', 'value'] as const;

/** Options of a fallback. Without `steps`: the last good value if kept, then method, handler or value. */
export const fallbackOptions = z
  .strictObject({
    ...condition,
    lastGood: lastGood
      .optional()
      .describe('Keeps the last good value per call site and key (its arguments where the use has no key)'),
    ...source,
    steps: z
      .array(step)
      .min(1)
      .optional()
      .describe('Several answers: the first whose condition holds and that does not fail itself'),
    classify: functionOf<Classify>()
      .optional()
      .describe('Says which class an error is; default: the built-in classification'),
  })
  .superRefine((options, context) => {
    const { steps } = options;
    const say = (path: (string | number)[], message: string) => {
      context.addIssue({ code: 'custom', path, message, input: undefined });
    };
    if (steps === undefined) {
      const given = SOURCES.filter((name) => name in options);
      if (given.length === 0) say([], `must have one of ${SOURCES.join(', ')} or steps`);
      if (given.filter((name) => name !== 'lastGood').length > 1) {
        say([], 'must have at most one of method, handler and value; several answers are steps');
      }
      return;
    }
    for (const name of ['method', 'handler', 'value', 'errors', 'when'] as const) {
      if (name in options) say([name], 'belongs into one of the steps');
    }
    for (const [index, step] of steps.entries()) {
      const given = SOURCES.filter((name) => name in step);
      if (given.length !== 1) say(['steps', index], `must have exactly one of ${SOURCES.join(', ')}`);
      if (step.lastGood === true && options.lastGood === undefined) {
        say(['steps', index, 'lastGood'], 'needs lastGood at the top, which says how values are kept');
      }
    }
  });

export type FallbackOptions = z.input<typeof fallbackOptions>;
export type ResolvedFallbackOptions = z.output<typeof fallbackOptions>;
