import { z } from 'zod';
import { InvalidOptionsError } from './errors.js';
import { durationMs, parseOptions, positiveCount, ratio } from './options.js';

const schema = z.strictObject({
  attempts: positiveCount().default(5),
  share: ratio().default(0.5),
  backoff: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('fixed'), delayMs: durationMs() }),
      z.strictObject({ kind: z.literal('none') }),
    ])
    .default({ kind: 'none' }),
  name: z.union([z.string(), z.strictObject({ of: z.string() })]).optional(),
});

const problemsOf = (input: unknown) => {
  try {
    parseOptions(schema, input, 'policies.okx.retry');
  } catch (error) {
    return (error as InvalidOptionsError).problems.map(({ path, value }) => [path, value]);
  }
  return [];
};

describe('parseOptions', () => {
  it('fills in the defaults and freezes the result', () => {
    const options = parseOptions(schema, {}, 'x');
    expect(options).toEqual({ attempts: 5, share: 0.5, backoff: { kind: 'none' } });
    expect(Object.isFrozen(options)).toBe(true);
  });

  it('keeps an explicit zero', () => {
    expect(parseOptions(schema, { share: 0 }, 'x').share).toBe(0);
  });

  it('names the place and the value of every problem at once', () => {
    expect(
      problemsOf({ attempts: 0, share: 1.5, backoff: { kind: 'fixed', delayMs: NaN }, name: { of: 3 }, atempts: 4 }),
    ).toEqual([
      ['policies.okx.retry.attempts', 0],
      ['policies.okx.retry.share', 1.5],
      ['policies.okx.retry.backoff.delayMs', NaN],
      ['policies.okx.retry.name.of', 3],
      ['policies.okx.retry.atempts', 4],
    ]);
    expect(problemsOf('fast')).toEqual([['policies.okx.retry', 'fast']]);
  });

  it('names what stands at the top without a dot before it', () => {
    expect(() => parseOptions(schema, { atempts: 4 }, '')).toThrow('\n  - atempts: is not an option; got 4');
  });

  it('says it in one message, one line each', () => {
    expect(() => parseOptions(schema, { attempts: -2, atempts: 4 }, 'policies.okx.retry')).toThrow(
      [
        'Invalid reliability options:',
        '  - policies.okx.retry.attempts: must be more than 0; got -2',
        '  - policies.okx.retry.atempts: is not an option; got 4',
      ].join('\n'),
    );
  });

  it.each([
    [true, 'must be a number; got true'],
    [1.5, 'must be a whole number; got 1.5'],
    ['5', "must be a number; got '5'"],
    [{ of: 5 }, 'limit.of: must be a string; got 5'],
  ])('says of an option that false switches off what it must be when it is on: %p', (limit, problem) => {
    const orFalse = z.union([z.literal(false), positiveCount(), z.strictObject({ of: z.string() })]);
    expect(() => parseOptions(z.strictObject({ limit: orFalse }), { limit }, '')).toThrow(problem);
    expect(parseOptions(z.strictObject({ limit: orFalse }), { limit: false }, '')).toEqual({ limit: false });
  });

  it.each([
    [z.union([z.literal([false, 'auto']), z.number()]), "must be one of false, 'auto'"],
    [z.union([z.literal('off'), z.number()]), "must be 'off'"],
    [z.union([z.strictObject({ on: z.literal(false) }), z.number()]), 'limit.on: must be false'],
  ])('says of other choices what the closest must be', (choice, problem) => {
    expect(() => parseOptions(z.strictObject({ limit: choice }), { limit: { on: 1 } }, '')).toThrow(problem);
  });
});
