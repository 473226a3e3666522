import { InvalidOptionsError } from '../core/errors.js';
import { parseOptions } from '../core/options.js';
import { undescribedOptions } from '../testing/option-descriptions.js';
import { fallbackOptions } from './fallback.options.js';
import { fallbackSteps } from './fallback-step.js';

const parse = (input: unknown) => parseOptions(fallbackOptions, input, 'fallback');

function problemsOf(input: unknown): string[] {
  try {
    parse(input);
  } catch (error) {
    if (error instanceof InvalidOptionsError)
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.slice(4));
    throw error;
  }
  throw new Error('was accepted');
}

const handler = () => 1;

describe('fallbackOptions', () => {
  it('fills in how good values are kept', () => {
    expect(parse({ lastGood: {} })).toEqual({ lastGood: { maxAgeMs: 300_000, maxKeys: 1_000, copy: false } });
  });

  it.each([[{ value: null }], [{ value: undefined }], [{ method: 'm' }], [{ handler }]])('accepts %p', (options) => {
    expect(parse(options)).toEqual(options);
  });

  it('accepts another answer beside the last good value', () => {
    expect(parse({ lastGood: {}, value: 0 })).toMatchObject({ value: 0 });
  });

  it.each([
    [{}, ['fallback: must have one of lastGood, method, handler, value or steps; got {}']],
    [{ errors: ['server'] }, [expect.stringContaining('must have one of lastGood, method, handler, value or steps')]],
    [
      { method: 'm', value: 1 },
      [
        "fallback: must have at most one of method, handler and value; several answers are steps; got { method: 'm', value: 1 }",
      ],
    ],
    [{ method: 'm', handler, value: 1 }, [expect.stringContaining('must have at most one of')]],
    [{ method: '' }, [expect.stringMatching(/^fallback.method: .*got ''$/)]],
    [{ handler: 'no' }, ["fallback.handler: must be a function; got 'no'"]],
    [{ value: 1, when: true }, ['fallback.when: must be a function; got true']],
    [{ value: 1, errors: [] }, [expect.stringMatching(/^fallback.errors: /)]],
    [{ value: 1, classify: 1 }, ['fallback.classify: must be a function; got 1']],
    [{ value: 1, instead: 2 }, ['fallback.instead: is not an option; got 2']],
    [
      { lastGood: { maxAgeMs: 0, maxKeys: 0, keep: 1, copy: 'x', mark: 2, ttl: 3 } },
      [
        expect.stringMatching(/^fallback.lastGood.maxAgeMs: .*got 0$/),
        expect.stringMatching(/^fallback.lastGood.maxKeys: .*got 0$/),
        'fallback.lastGood.keep: must be a function; got 1',
        expect.stringMatching(/^fallback.lastGood.copy: .*got 'x'$/),
        'fallback.lastGood.mark: must be a function; got 2',
        'fallback.lastGood.ttl: is not an option; got 3',
      ],
    ],
    [{ steps: [] }, [expect.stringMatching(/^fallback.steps: /)]],
    [
      { steps: [{}, { value: 1, method: 'm' }, { lastGood: true }, { handler }] },
      [
        'fallback.steps.0: must have exactly one of lastGood, method, handler, value; got {}',
        "fallback.steps.1: must have exactly one of lastGood, method, handler, value; got { value: 1, method: 'm' }",
        'fallback.steps.2.lastGood: needs lastGood at the top, which says how values are kept; got true',
      ],
    ],
    [
      { steps: [{ value: 1 }], method: 'm', handler, value: 2, errors: ['server'], when: () => true },
      ['method', 'handler', 'value', 'errors', 'when'].map((name) =>
        expect.stringContaining(`fallback.${name}: belongs into one of the steps`),
      ),
    ],
  ])('refuses %p', (options, problems) => {
    expect(problemsOf(options)).toEqual(problems);
  });

  it('describes each option', () => {
    expect(undescribedOptions(fallbackOptions)).toEqual([]);
    expect(fallbackOptions.shape.steps.unwrap().element.shape.lastGood.description).toContain('not too old');
  });
});

describe('fallbackSteps', () => {
  const when = () => true;

  it.each([
    [{ value: undefined }, [{ source: 'value', value: undefined }]],
    [{ method: 'm', errors: ['server'] }, [{ source: 'method', method: 'm', errors: ['server'] }]],
    [{ handler, when }, [{ source: 'handler', handler, when }]],
    [{ lastGood: {} }, [{ source: 'last-good' }]],
    [
      { lastGood: {}, value: 0, errors: ['data'] },
      [
        { source: 'last-good', errors: ['data'] },
        { source: 'value', value: 0, errors: ['data'] },
      ],
    ],
    [
      { lastGood: {}, steps: [{ method: 'm' }, { lastGood: true, when }, { handler }, { value: 1 }] },
      [
        { source: 'method', method: 'm' },
        { source: 'last-good', when },
        { source: 'handler', handler },
        { source: 'value', value: 1 },
      ],
    ],
  ])('of %p', (options, steps) => {
    expect(fallbackSteps(parse(options))).toEqual(steps);
  });
});
