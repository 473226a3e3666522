import { InvalidOptionsError } from '../core/errors.js';
import { parseOptions } from '../core/options.js';
import { chaosOptions } from './chaos.options.js';

const parse = (input: unknown) => parseOptions(chaosOptions, input, 'chaos');

function pathsOf(input: unknown): string[] {
  try {
    parse(input);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.problems.map(({ path }) => path);
    throw error;
  }
  throw new Error('was accepted');
}

describe('chaosOptions', () => {
  it('is off, and allowed in development and test only, unless it is said otherwise', () => {
    expect(parse({ injections: [{ kind: 'fault', rate: 0.5 }] })).toEqual({
      enabled: false,
      environments: ['development', 'test'],
      allowInProduction: false,
      injections: [{ kind: 'fault', rate: 0.5, afterMs: 0, errorClass: 'server' }],
    });
    expect(parse({ injections: [{ kind: 'latency', rate: 1, latencyMs: 0 }] }).injections).toEqual([
      { kind: 'latency', rate: 1, afterMs: 0, latencyMs: 0, jitterMs: 0 },
    ]);
  });

  it('names every problem', () => {
    expect(
      pathsOf({
        enabled: 1,
        forMs: 0,
        environments: [''],
        allowInProduction: 'yes',
        rate: 1,
        injections: [
          { kind: 'fault' },
          { kind: 'fault', rate: 1.1, errorClass: 'x', retryAfterMs: -1, error: 1, keys: [], when: 2, afterMs: -1 },
          { kind: 'latency', rate: 1, latencyMs: Infinity, jitterMs: -1, forMs: 0 },
          { kind: 'result', rate: 1, make: 1 },
          { kind: 'behaviour', rate: 1 },
          { kind: 'flood', rate: 1 },
          { kind: 'latency', rate: 1, latencyMs: 1, keys: [''], delay: 3 },
        ],
      }).sort(),
    ).toEqual(
      [
        'chaos.enabled',
        'chaos.forMs',
        'chaos.environments.0',
        'chaos.allowInProduction',
        'chaos.rate',
        'chaos.injections.0.rate',
        'chaos.injections.1.rate',
        'chaos.injections.1.errorClass',
        'chaos.injections.1.retryAfterMs',
        'chaos.injections.1.error',
        'chaos.injections.1.keys',
        'chaos.injections.1.when',
        'chaos.injections.1.afterMs',
        'chaos.injections.2.latencyMs',
        'chaos.injections.2.jitterMs',
        'chaos.injections.2.forMs',
        'chaos.injections.3.make',
        'chaos.injections.4.run',
        'chaos.injections.5.kind',
        'chaos.injections.6.keys.0',
        'chaos.injections.6.delay',
      ].sort(),
    );
    expect(pathsOf({ injections: [] })).toEqual(['chaos.injections']);
    expect(pathsOf({})).toEqual(['chaos.injections']);
    expect(() => parse({ injections: [{ kind: 'behaviour', rate: 1, run: 'x' }] })).toThrow(
      "chaos.injections.0.run: must be a function; got 'x'",
    );
  });

  it('takes functions as they are', () => {
    const run = () => 1;
    expect(parse({ injections: [{ kind: 'behaviour', rate: 1, run }] }).injections[0]).toMatchObject({ run });
  });

  it('describes each option', () => {
    for (const [name, schema] of Object.entries(chaosOptions.shape)) {
      expect(`${name}: ${schema.description ?? ''}`).toMatch(/: \S.{20}/);
    }
    for (const injection of chaosOptions.shape.injections.element.options) {
      expect(injection.description).toMatch(/\S.{15}/);
      for (const [name, schema] of Object.entries(injection.shape)) {
        if (name !== 'kind') expect(`${name}: ${schema.description ?? ''}`).toMatch(/: \S.{15}/);
      }
    }
  });
});
