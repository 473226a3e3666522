import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  InvalidOptionsError,
  LiveConfiguration,
  RateLimit,
  ReliabilityManager,
  ReliabilityModule,
  Retry,
  type ReliabilityModuleOptions,
  type TenantOverrides,
} from '@marketprism/reliability';

const BY = { who: 'alice', via: 'test', why: 'test' };

@Injectable()
class Rates {
  attempts = 0;

  @RateLimit('okx', { key: (tenant: string) => tenant })
  async limited(_tenant: string): Promise<string> {
    return 'rate';
  }

  @Retry('okx', { key: (tenant: string) => tenant })
  async failing(_tenant: string): Promise<string> {
    this.attempts += 1;
    throw new Error('down');
  }

  @RateLimit('okx')
  async everybody(): Promise<string> {
    return 'rate';
  }
}

async function app(tenants: TenantOverrides, options: ReliabilityModuleOptions = {}) {
  const module = await Test.createTestingModule({
    imports: [
      ReliabilityModule.forRoot({
        policies: {
          okx: {
            rateLimit: { limit: 2, windowMs: 3_600_000, mode: 'reject' },
            retry: { attempts: 2, backoff: { kind: 'exponential', baseMs: 1, capMs: 1 } },
          },
        },
        ...options,
        tenants,
      }),
    ],
    providers: [Rates],
  }).compile();
  module.useLogger(false);
  await module.init();
  return { module, rates: module.get(Rates), live: module.get(LiveConfiguration) };
}

/** Calls that pass before one is refused, at most 20. */
async function admitted(rates: Rates, tenant: string): Promise<number> {
  for (let calls = 0; calls < 20; calls += 1) {
    try {
      await rates.limited(tenant);
    } catch {
      return calls;
    }
  }
  return 20;
}

describe('settings of tenants', () => {
  it('are kept by executions that say whose call it is', async () => {
    const { module } = await app({ acme: { policies: { okx: { rateLimit: { limit: 4 } } } } });
    const manager = module.get(ReliabilityManager);
    const passed = async (key: string | undefined) => {
      let calls = 0;
      for (; calls < 20; calls += 1) {
        const outcome = await manager.tryExecuteWithProtection('okx', () => 'rate', { key });
        if (outcome.kind === 'refused') break;
      }
      return calls;
    };
    expect([await passed('acme'), await passed('other'), await passed('third'), await passed(undefined)]).toEqual([
      4, 2, 2, 2,
    ]);
    await module.close();
  });

  it('apply to calls whose key is the tenant, over what applies to everybody', async () => {
    const { module, rates } = await app({
      gold: { policies: { okx: { rateLimit: { limit: 5 }, retry: { attempts: 4 } } } },
      none: {},
    });
    expect([await admitted(rates, 'gold'), await admitted(rates, 'silver'), await admitted(rates, 'none')]).toEqual([
      5, 2, 2,
    ]);
    await rates.failing('gold').catch(() => undefined);
    expect(rates.attempts).toBe(4);
    await rates.failing('silver').catch(() => undefined);
    expect(rates.attempts).toBe(6);
    await expect(rates.everybody()).resolves.toBe('rate');
    await module.close();
  });

  it('change while running, and keep what a tenant has used up', async () => {
    const { module, rates, live } = await app({});
    await live.change({ tenants: { gold: { policies: { okx: { rateLimit: { limit: 4 } } } } } }, BY);
    expect(await admitted(rates, 'gold')).toBe(4);
    await live.change({ tenants: { gold: { policies: { okx: { rateLimit: { limit: 6 } } } } } }, BY);
    const more = await admitted(rates, 'gold');
    expect(more).toBeLessThanOrEqual(2);
    await live.change({ tenants: { gold: null } }, BY);
    expect(module.get(ReliabilityManager).snapshot().tenants).toEqual({ configured: 0, called: 0, shown: [] });
    await module.close();
  });

  it.each<[string, unknown, string]>([
    [
      'of an unknown policy',
      { t: { policies: { bybit: {} } } },
      'tenants.t.policies.bybit: overrides a policy that is not',
    ],
    [
      'of a kind that the policy has not',
      { t: { policies: { okx: { bulkhead: {} } } } },
      'okx.bulkhead: overrides what the policy does',
    ],
    [
      'that are invalid',
      { t: { policies: { okx: { rateLimit: { limit: 0 } } } } },
      'tenants.t.policies.okx.rateLimit.limit:',
    ],
    ['of something else', { t: { defaults: {} } }, 'tenants.t.defaults: is not an option'],
    ['that are none', { t: 1 }, 'tenants.t: must be an object'],
    [
      'too many',
      Object.fromEntries(Array.from({ length: 1_001 }, (_, tenant) => [tenant, {}])),
      'tenants: must be at most 1000',
    ],
  ])('%s stop the start', async (_, tenants, problem) => {
    const start = app(tenants as TenantOverrides);
    await expect(start).rejects.toThrow(InvalidOptionsError);
    await expect(start).rejects.toThrow(problem);
  });
});
