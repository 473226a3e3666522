import { z } from 'zod';
import { durationMs, parseOptions, positiveCount, ratio } from './options.js';

const ruleFor = (schema: z.ZodType, value: unknown): string => {
  try {
    parseOptions(z.strictObject({ x: schema }), { x: value }, '');
  } catch (error) {
    return (error as { problems: readonly { rule: string }[] }).problems.map(({ rule }) => rule).join('; ');
  }
  return 'none';
};

describe('rules of options are said in one style', () => {
  it.each<[z.ZodType, unknown, string]>([
    [durationMs(), 0, 'must be more than 0'],
    [durationMs(), NaN, 'must be a finite number'],
    [durationMs(), Infinity, 'must be a finite number'],
    [durationMs(), '5', 'must be a number'],
    [durationMs(), null, 'must be a number'],
    [durationMs().max(10), 11, 'must be at most 10'],
    [ratio(), -0.1, 'must be at least 0'],
    [ratio().lt(1), 1, 'must be less than 1'],
    [positiveCount(), 1.5, 'must be a whole number'],
    [positiveCount(), 2 ** 53, 'must be at most 9007199254740991'],
    [z.string(), 5, 'must be a string'],
    [z.string().min(1), '', 'must not be empty'],
    [z.string().min(2), 'a', 'must have at least 2 characters'],
    [z.string().max(1), 'ab', 'must have at most 1 character'],
    [z.string().startsWith('/'), 'a', "must start with '/'"],
    [z.array(z.string()), 'a', 'must be a list'],
    [z.array(z.string()).min(1), [], 'must not be empty'],
    [z.array(z.string()).max(1), ['a', 'b'], 'must have at most 1 entry'],
    [z.boolean(), 'yes', 'must be true or false'],
    [z.strictObject({}), 5, 'must be an object'],
    [z.record(z.string(), z.string()), 5, 'must be an object'],
    [z.enum(['a', 'b']), 'c', "must be one of 'a', 'b'"],
    [z.literal('a'), 'c', "must be 'a'"],
    [z.literal([false, 'a']), 'c', "must be one of false, 'a'"],
    [z.date(), 5, 'must be of type date'],
    [
      z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
      { kind: 'c' },
      "must be one of 'a', 'b'",
    ],
    [z.custom((value) => value === 1, 'must be one'), 2, 'must be one'],
    [z.string().regex(/^a$/, 'must be an a'), 'b', 'must be an a'],
  ])('%#: what %p must be: %s', (schema, value, rule) => {
    expect(ruleFor(schema, value)).toBe(rule);
  });
});
