import { testCapabilities } from '../testing/test-capabilities.js';
import type { EvidencedBreaker, FleetBreakerOptions } from './fleet-breaker.js';
import { FleetBreaker } from './fleet-breaker.js';
import { SharedStore } from './shared-store.js';

describe('FleetBreaker', () => {
  it.each<[FleetBreakerOptions, string]>([
    [{ heartbeatMs: 0 }, 'fleetBreaker "okx".heartbeatMs'],
    [{ quorum: NaN }, 'fleetBreaker "okx".quorum'],
    [{ minInstances: 0 }, 'fleetBreaker "okx".minInstances'],
    [{ instance: '' }, 'fleetBreaker "okx".instance'],
  ])('refuses %j by name', (options, path) => {
    const capabilities = testCapabilities();
    const store = new SharedStore({ ready: false, send: () => Promise.resolve() }, capabilities);
    const breaker: EvidencedBreaker = { name: 'okx', isolate: () => undefined, beWary: () => undefined };
    expect(() => new FleetBreaker(breaker, store, capabilities, options)).toThrow(`- ${path}: `);
    expect(capabilities.clock.pending).toBe(0);
  });
});
