import { BUILTIN_POLICIES } from '../chain/builtin-policies.js';
import { PolicyFactory } from '../chain/policy-factory.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { parseConfiguration } from './configuration.js';

describe('parseConfiguration', () => {
  const named = (count: number) =>
    parseConfiguration(new PolicyFactory(BUILTIN_POLICIES, testCapabilities()), {
      policies: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, {}])),
    });

  it('takes ten thousand names, and no more', () => {
    expect(named(10_000).policies.size).toBe(10_000);
    expect(() => named(10_001)).toThrow('policies: must be at most 10000 names; got 10001');
  });
});
