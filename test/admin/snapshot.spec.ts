import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type LoadBalancerHandle,
  Protect,
  RateLimit,
  ReliabilityControl,
  ReliabilityManager,
  ReliabilityModule,
  snapshotJsonSchema,
  snapshotSchema,
} from '@marketprism/reliability';

const SECRETS = /hunter2|s3cr3t|t0ken/;

@Injectable()
class Rates {
  /** Every kind of policy, keyed, so that tenants have states of their own. */
  @Protect('everything', { key: (tenant: string) => tenant })
  async fetch(_tenant: string, fails = false): Promise<string> {
    if (fails) throw new Error('https://user:hunter2@host/?token=s3cr3t answered 500');
    return 'rate';
  }

  @RateLimit({ limit: 5 })
  async own(): Promise<string> {
    return 'own';
  }
}

async function everythingLive() {
  const module = await Test.createTestingModule({
    imports: [
      ReliabilityModule.forRoot({
        policies: {
          everything: {
            coalesce: {},
            fallback: { value: 'last resort' },
            deadline: { limitMs: 5_000 },
            retry: { attempts: 2, backoff: { kind: 'exponential', baseMs: 1, capMs: 2 } },
            hedge: {},
            circuitBreaker: { openOnError: () => false, minimumCalls: 2 },
            rateLimit: { limit: 1_000 },
            bulkhead: { adaptive: { algorithm: 'vegas' }, shed: { heapShare: 1 } },
            balancer: {
              endpoints: [
                { id: 'a', url: 'https://user:hunter2@a.example/?token=s3cr3t' },
                { id: 'https://user:hunter2@b.example', url: 'https://b.example', weight: 2 },
              ],
              circuitBreaker: {},
              passiveHealth: {},
            },
            timeLimit: { limitMs: 1_000 },
            chaos: { injections: [{ kind: 'latency', latencyMs: 1, rate: 0.5 }] },
          },
        },
        tenants: { gold: { policies: { everything: { rateLimit: { limit: 5_000 } } } } },
        decisions: {},
      }),
    ],
    providers: [Rates],
  }).compile();
  module.useLogger(false);
  await module.init();
  return module;
}

describe('the manager’s snapshot', () => {
  it('keeps to its schema with everything live, as JSON, and tells no secret', async () => {
    const module = await everythingLive();
    const rates = module.get(Rates);
    const manager = module.get(ReliabilityManager);
    for (const tenant of ['gold', 'silver', 'token-of-a-tenant']) {
      await rates.fetch(tenant);
      await rates.fetch(tenant, true).catch(() => undefined);
    }
    await rates.own();
    const balancer = manager.policy('load-balancer', 'everything') as LoadBalancerHandle;
    balancer.suspend('a');
    await module
      .get(ReliabilityControl)
      .perform(
        { kind: 'change', policies: { everything: { retry: { attempts: 3 } } }, reason: 'token=t0ken0123456789' },
        { who: 'alice', via: 'test' },
      );

    const snapshot = manager.snapshot();
    const text = JSON.stringify(snapshot);
    expect(JSON.parse(text)).toEqual(snapshot);
    expect(snapshotSchema.safeParse(snapshot).error?.issues).toBeUndefined();
    expect(text).not.toMatch(SECRETS);
    expect(new Set(snapshot.policies.map(({ type }) => type))).toEqual(
      new Set([
        'coalesce',
        'fallback',
        'deadline',
        'retry',
        'hedge',
        'circuit-breaker',
        'rate-limiter',
        'bulkhead',
        'load-balancer',
        'time-limit',
        'chaos',
      ]),
    );
    expect(snapshot).toMatchObject({
      schema: 1,
      configuration: {
        version: 2,
        overrides: 1,
        sources: [{ name: 'admin', keepsChanges: true }, { name: 'manager' }],
      },
      tenants: { configured: 1, called: 1, shown: [{ tenant: 'gold', policy: { name: 'everything[gold]' } }] },
    });
    const control = module.get(ReliabilityControl);
    const shown = [control.configuration(), await control.versions(), await control.version(1), await control.audit()];
    expect(JSON.stringify(shown)).not.toMatch(SECRETS);
    await module.close();
  });

  it('has a JSON Schema that names its version', () => {
    expect(snapshotJsonSchema()).toMatchObject({
      type: 'object',
      properties: { schema: { const: 1 }, policies: { type: 'array' } },
    });
  });

  it('notices a built-in policy of another shape', async () => {
    const module = await everythingLive();
    await module.get(Rates).fetch('silver');
    const snapshot = module.get(ReliabilityManager).snapshot();
    const policies = snapshot.policies.map((policy) =>
      policy.type === 'circuit-breaker' ? { ...policy, state: 'ajar' } : policy,
    );
    expect(snapshotSchema.safeParse({ ...snapshot, policies }).success).toBe(false);
    await module.close();
  });
});
