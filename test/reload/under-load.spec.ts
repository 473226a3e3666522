import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type AdmissionPolicy,
  definePolicy,
  LiveConfiguration,
  type Permit,
  type PolicyOptions,
  PolicyRegistry,
  type PolicySnapshot,
  Protect,
  type ReliabilityConfiguration,
  ReliabilityManager,
  ReliabilityModule,
  type TenantOverrides,
} from '@marketprism/reliability';
import { ReliabilityTesting, settlePromises } from '@marketprism/reliability/testing';
import fc from 'fast-check';
import { z } from 'zod';

jest.setTimeout(120_000);

/** Remembers each permit that it gives, and what becomes of it. */
class Ledger implements AdmissionPolicy {
  static permits: { settled: number; ended: number }[] = [];
  readonly kind = 'admission';
  readonly type = 'ledger';
  readonly waits = false;
  readonly timed = false;

  constructor(readonly name: string) {}

  admit(): Permit {
    const permit = { settled: 0, ended: 0 };
    Ledger.permits.push(permit);
    return permit;
  }

  settle(permit: Permit): void {
    (permit as { settled: number }).settled += 1;
  }

  end(permit: Permit): void {
    (permit as { ended: number }).ended += 1;
  }

  inspect(): PolicySnapshot {
    return { type: this.type, name: this.name };
  }

  reconfigure(): void {}
}

const Ledgered = definePolicy({
  type: 'ledger',
  slot: 'load-balancer',
  options: z.strictObject({ page: z.number().optional() }),
  policy: Ledger,
});

interface Work {
  finish(ok: boolean): void;
}

@Injectable()
class Rates {
  readonly work: Work[] = [];

  @Protect('fixed', { key: (_: number, tenant: string) => tenant })
  fixed(id: number, _tenant: string): Promise<number> {
    return this.#begin(id);
  }

  @Protect((_: number, __: string, name: string) => name, { key: (_: number, tenant: string) => tenant })
  named(id: number, _tenant: string, _name: string): Promise<number> {
    return this.#begin(id);
  }

  #begin(id: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.work.push({ finish: (ok) => (ok ? resolve(id) : reject(new Error(`work ${id} failed`))) });
    });
  }
}

/** Options under which no policy refuses by itself, however much is under way: what is refused is a reload's fault. */
const policies = fc.record(
  {
    ledger: fc.record({ page: fc.integer() }),
    bulkhead: fc.record(
      {
        maxConcurrent: fc.integer({ min: 1, max: 6 }),
        agingMs: fc.integer({ min: 1, max: 1_000 }),
        adaptive: fc.constantFrom(
          { algorithm: 'aimd' as const, minLimit: 1, initialLimit: 2 },
          { algorithm: 'vegas' as const, minLimit: 1 },
        ),
      },
      { requiredKeys: ['maxConcurrent'] },
    ),
    circuitBreaker: fc.record(
      {
        mode: fc.constantFrom('enforce' as const, 'metrics-only' as const, 'disabled' as const),
        windowMs: fc.integer({ min: 10, max: 100_000 }),
        windowCalls: fc.integer({ min: 1, max: 50 }),
        slowCallMs: fc.integer({ min: 1, max: 1_000 }),
        rampMs: fc.integer({ min: 0, max: 100 }),
      },
      { requiredKeys: [] },
    ),
    rateLimit: fc.record({
      limit: fc.integer({ min: 10_000, max: 20_000 }),
      windowMs: fc.integer({ min: 1, max: 10_000 }),
      algorithm: fc.constantFrom('token-bucket' as const, 'sliding-window' as const, 'fixed-window' as const),
      mode: fc.constantFrom('wait' as const, 'reject' as const),
    }),
    retry: fc.record({
      attempts: fc.integer({ min: 1, max: 3 }),
      backoff: fc.constant({ kind: 'fixed' as const, delayMs: 5 }),
    }),
    timeLimit: fc.record({ limitMs: fc.integer({ min: 1_000_000, max: 2_000_000 }) }),
  },
  { requiredKeys: [] },
);

const complete = ({ bulkhead, circuitBreaker, ...rest }: Record<string, object | undefined>): PolicyOptions =>
  Object.fromEntries(
    Object.entries({
      ...rest,
      bulkhead: bulkhead && { maxQueued: 100_000, maxWaitMs: 1_000_000_000, ...bulkhead },
      circuitBreaker: circuitBreaker && {
        consecutiveFailures: false,
        failureRate: false,
        slowCallRate: false,
        ...circuitBreaker,
      },
    }).filter(([, options]) => options !== undefined),
  );

const configuration = fc
  .record({ fixed: policies, dynamic: fc.option(policies), tenant: fc.option(policies), other: fc.option(policies) })
  .map(({ fixed, dynamic, tenant, other }): ReliabilityConfiguration => {
    const of = (set: object) => complete(set as Record<string, object>);
    const overrides = (set: object | null) => {
      const own = Object.entries(of(set ?? {})).filter(([kind]) => kind in of(fixed));
      return own.length === 0 ? {} : { policies: { fixed: Object.fromEntries(own) as PolicyOptions } };
    };
    const tenants: TenantOverrides = { one: overrides(tenant), two: overrides(other) };
    return { policies: { fixed: of(fixed), ...(dynamic !== null && { dynamic: of(dynamic) }) }, tenants };
  });

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      tenant: fc.constantFrom('one', 'two', 'three'),
      dynamic: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('finish' as const), which: fc.nat(100), ok: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('reload' as const), to: configuration }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('mistake' as const) }) },
);

it('refuses and loses no call because of a reload, and settles every permit once', async () => {
  await fc.assert(
    fc.asyncProperty(configuration, fc.array(step, { minLength: 10, maxLength: 60 }), async (first, steps) => {
      Ledger.permits = [];
      const reliability = new ReliabilityTesting();
      const { clock, random, emit } = reliability.capabilities;
      const module = await Test.createTestingModule({
        imports: [
          ReliabilityModule.forRoot({ ...first, customPolicies: [Ledgered], capabilities: { clock, random, emit } }),
        ],
        providers: [Rates],
      }).compile();
      module.useLogger(false);
      await module.init();
      const rates = module.get(Rates);
      const live = module.get(LiveConfiguration);
      const answers: unknown[] = [];
      let calls = 0;
      let reloads = 0;
      const by = { who: 'test', why: 'property' };

      for (const each of steps) {
        if (each.do === 'call') {
          const id = calls;
          calls += 1;
          const dynamic = each.dynamic && live.effective.policies?.['dynamic'] !== undefined;
          const call = dynamic ? rates.named(id, each.tenant, 'dynamic') : rates.fixed(id, each.tenant);
          call.then(
            (value) => answers.push(value === id ? 'own answer' : `answer of ${value}`),
            (error: Error) => answers.push(error.message === `work ${id} failed` ? 'own failure' : error),
          );
        } else if (each.do === 'finish') {
          const [work] = rates.work.splice(each.which % Math.max(1, rates.work.length), 1);
          work?.finish(each.ok);
          await settlePromises();
        } else if (each.do === 'pass') await clock.run(each.ms);
        else if (each.do === 'reload') {
          const before = live.version;
          live.replaceCode(each.to, by);
          reloads += live.version - before;
        } else {
          const mistake = { policies: { fixed: { bulkhead: { maxConcurrent: 0 } } } };
          expect(() => live.replaceCode(mistake, by)).toThrow('maxConcurrent');
        }
      }

      for (let round = 0; answers.length < calls && round < 20 * calls + 20; round += 1) {
        for (const work of rates.work.splice(0)) work.finish(true);
        await clock.run(10);
      }

      expect(answers.filter((answer) => answer !== 'own answer' && answer !== 'own failure')).toEqual([]);
      expect(answers).toHaveLength(calls);
      expect(live.version).toBe(1 + reloads);
      expect(Ledger.permits.filter(({ settled, ended }) => settled !== 1 || ended !== 1)).toEqual([]);
      expect(module.get(PolicyRegistry).inFlight).toBe(0);
      for (const policy of module.get(ReliabilityManager).inspect()) {
        if (policy.type === 'bulkhead') expect(policy).toMatchObject({ inFlight: 0, abandoned: 0, used: 0, queued: 0 });
      }
      await module.close();
    }),
    { numRuns: 100 },
  );
});
