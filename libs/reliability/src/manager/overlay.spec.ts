import fc from 'fast-check';
import { changedPaths, isInForce, overlay, overridesFor, withOverrides } from './overlay.js';

const probe = () => undefined;

describe('a patch', () => {
  it.each([
    ['leaves what it does not name', { a: 1, b: 2 }, { b: 3 }, { a: 1, b: 3 }],
    ['removes by null', { a: 1, b: { c: 1, d: 2 } }, { a: null, b: { c: null } }, { b: { d: 2 } }],
    ['says nothing by undefined', { a: 1 }, { a: undefined }, { a: 1 }],
    ['replaces lists', { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ['replaces an object of another kind', { kind: 'fixed', delayMs: 5 }, { kind: 'none' }, { kind: 'none' }],
    [
      'merges one of the same kind',
      { kind: 'fixed', delayMs: 5 },
      { kind: 'fixed', jitter: 1 },
      { kind: 'fixed', delayMs: 5, jitter: 1 },
    ],
    ['makes what is not there', undefined, { a: { b: 1 } }, { a: { b: 1 } }],
    ['keeps functions', { a: { probe, b: 1 } }, { a: { b: 2 } }, { a: { probe, b: 2 } }],
  ])('%s', (_, base, patch, result) => {
    expect(overlay(base, patch)).toEqual(result);
  });

  it('does not change what it is laid over', () => {
    const base = Object.freeze({ a: Object.freeze({ b: 1 }) });
    expect(overlay(base, { a: { b: 2 } })).toEqual({ a: { b: 2 } });
    expect(base).toEqual({ a: { b: 1 } });
  });
});

describe('overrides', () => {
  it('are the single options that differ', () => {
    const lower = { policies: { okx: { retry: { attempts: 3 }, circuitBreaker: { probe, openForMs: 5 } } } };
    const wanted = {
      policies: { okx: { retry: { attempts: 4 }, circuitBreaker: { openForMs: 5 } }, new: { retry: {} } },
    };
    const overrides = overridesFor(lower, wanted);
    expect(overrides.map(({ path, value }) => [path.join('.'), value])).toEqual([
      ['policies.okx.retry.attempts', 4],
      ['policies.new', { retry: {} }],
    ]);
    expect(withOverrides(lower, overrides)).toEqual({
      policies: { okx: { retry: { attempts: 4 }, circuitBreaker: { probe, openForMs: 5 } }, new: { retry: {} } },
    });
  });

  it('hold until what lies below says something else there', () => {
    const [override] = overridesFor({ a: { b: 1 } }, { a: { b: 2 } });
    expect(isInForce(override!, { a: { b: 1 }, c: 1 })).toBe(true);
    expect(isInForce(override!, { a: { b: 3 } })).toBe(false);
    expect(withOverrides({ a: { b: 3 } }, [override!])).toEqual({ a: { b: 3 } });
  });

  it('make anything of anything that JSON can say', () => {
    const json = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'kind'),
      fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('null')),
      { maxKeys: 4 },
    );
    fc.assert(
      fc.property(json, json, (lower, wanted) => {
        expect(JSON.parse(JSON.stringify(withOverrides(lower, overridesFor(lower, wanted))))).toEqual(
          JSON.parse(JSON.stringify(wanted)),
        );
        expect(changedPaths(wanted, wanted)).toEqual([]);
      }),
    );
  });
});
