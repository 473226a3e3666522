import type { PolicyContext } from '../core/policy.js';
import { type TestCapabilities, testCapabilities } from './test-capabilities.js';

/** What a policy is created with, under the test's control. */
export type TestContext = TestCapabilities & PolicyContext;

/** Capabilities as {@link testCapabilities}; shared objects by kind and name, given ones first; no other policies. */
export function testContext(shared: Readonly<Record<string, unknown>> = {}, seed = 1): TestContext {
  const made = new Map<string, unknown>(Object.entries(shared));
  return {
    ...testCapabilities(seed),
    create: (type) => {
      throw new Error(`the test has no policy of type "${type}"`);
    },
    shared: <T>(kind: string, name: string, make: () => T) => {
      const id = `${kind}:${name}`;
      if (!made.has(id)) made.set(id, make());
      return made.get(id) as T;
    },
  };
}
