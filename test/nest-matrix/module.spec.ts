import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { type DynamicModule, Injectable, Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type AdmissionPolicy,
  type CircuitBreakerHandle,
  CircuitBreaker,
  definePolicy,
  detached,
  Hedge,
  InjectCircuitBreaker,
  type PolicySnapshot,
  Protect,
  RateLimit,
  ReliabilityManager,
  ReliabilityModule,
  type ReliabilityModuleOptions,
  ReliabilityRuntime,
  remainingMs,
  Retry,
  Signal,
} from '@marketprism/reliability';
import { endingOf, pendingWork, ReliabilityTesting } from '@marketprism/reliability/testing';
import { z } from 'zod';
import { Tallied, tallied, tallyOf } from './tally.js';

@Injectable()
class Rates {
  constructor(@InjectCircuitBreaker('okx') readonly breaker: CircuitBreakerHandle) {}

  @CircuitBreaker('okx')
  async fetch() {
    return 'rate';
  }
}

const okx = { okx: { circuitBreaker: { openForMs: 5_000 } } };

@Injectable()
class Options {
  createReliabilityOptions(): ReliabilityModuleOptions {
    return { policies: okx };
  }
}

@Module({ providers: [Options], exports: [Options] })
class OptionsModule {}

describe('the module', () => {
  it.each([
    ['forRoot', ReliabilityModule.forRoot({ policies: okx })],
    [
      'forRootAsync with useFactory and inject',
      ReliabilityModule.forRootAsync({
        imports: [OptionsModule],
        inject: [Options],
        useFactory: async (options: Options) => options.createReliabilityOptions(),
      }),
    ],
    ['forRootAsync with useClass', ReliabilityModule.forRootAsync({ useClass: Options })],
    [
      'forRootAsync with useExisting',
      ReliabilityModule.forRootAsync({ imports: [OptionsModule], useExisting: Options }),
    ],
    ['forFeature', [ReliabilityModule.forRoot({}), ReliabilityModule.forFeature(okx)]],
  ])('protects and gives handles by %s', async (_, imports) => {
    const module = await Test.createTestingModule({ imports: [imports].flat(), providers: [Rates] }).compile();
    await module.init();
    const rates = module.get(Rates);
    expect(await rates.fetch()).toBe('rate');
    rates.breaker.forceOpen();
    await expect(rates.fetch()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', policy: 'okx' });
    await module.close();
  });

  const local = () => ReliabilityModule.forRoot({ policies: okx, isGlobal: false });
  const exported = (reliability: DynamicModule) => {
    @Module({ imports: [reliability], exports: [ReliabilityModule] })
    class Shared {}
    return Shared;
  };
  it.each([
    ['the same module imported', (reliability: DynamicModule) => [reliability]],
    ['a module that exports it', (reliability: DynamicModule) => [exported(reliability)]],
    [
      'a feature that imports it',
      (reliability: DynamicModule) => [ReliabilityModule.forFeature(okx, { imports: [reliability] })],
    ],
  ])('that is not global protects everywhere, and gives handles by %s', async (what, importsOf) => {
    const root = what.includes('feature') ? ReliabilityModule.forRoot({ isGlobal: false }) : local();
    @Module({ imports: importsOf(root), providers: [Rates] })
    class Feature {}
    @Injectable()
    class Elsewhere {
      @CircuitBreaker('okx')
      async fetch() {
        return 'rate';
      }
    }
    @Module({ providers: [Elsewhere] })
    class Other {}
    const module = await Test.createTestingModule({ imports: [root, Feature, Other] }).compile();
    await module.init();
    module.get(Rates, { strict: false }).breaker.forceOpen();
    await expect(module.get(Elsewhere, { strict: false }).fetch()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
    await module.close();
  });

  it('takes isGlobal beside a factory, not from it, and nothing but true or false', async () => {
    const useFactory = () => ({ policies: okx, isGlobal: false }) as ReliabilityModuleOptions;
    const started = Test.createTestingModule({ imports: [ReliabilityModule.forRootAsync({ useFactory })] }).compile();
    await expect(started).rejects.toThrow('isGlobal: stands beside useFactory, not in what it gives');
    expect(() => ReliabilityModule.forRoot({ policies: okx, isGlobal: 'no' as never })).toThrow(
      "isGlobal: must be true or false; got 'no'",
    );
  });

  it('stops the start for a feature whose name is taken, and for an unknown option', async () => {
    const taken = Test.createTestingModule({
      imports: [ReliabilityModule.forRoot({ policies: okx }), ReliabilityModule.forFeature(okx)],
    }).compile();
    await expect(taken).rejects.toThrow(/policies\.okx: is configured already/);
    const unknown = { policies: okx, drainMS: 5 } as ReliabilityModuleOptions;
    const started = Test.createTestingModule({ imports: [ReliabilityModule.forRoot(unknown)] }).compile();
    await expect(started).rejects.toThrow(/drainMS: is not an option; got 5/);
  });

  it('on shutdown takes no new calls and waits for those in flight, repetitions included', async () => {
    const testing = new ReliabilityTesting();
    let work = pendingWork<string>();
    class Slow {
      @Retry({ attempts: 2, backoff: { kind: 'fixed', delayMs: 100, jitter: 'none' } })
      @Tallied('okx')
      async fetch() {
        return work.promise;
      }
    }
    const module = await Test.createTestingModule({
      imports: [testing.forRoot({ ...tallied, drainMs: 5_000 })],
      providers: [Slow],
    }).compile();
    await module.init();
    const first = module.get(Slow).fetch();
    const closing = module.close();
    expect(await endingOf(closing)).toBe('pending');
    await expect(module.get(Slow).fetch()).rejects.toMatchObject({ code: 'SHUTTING_DOWN', refused: true });
    await expect(module.get(ReliabilityManager).executeWithProtection('okx', () => 1)).rejects.toMatchObject({
      code: 'SHUTTING_DOWN',
    });
    work.reject(Object.assign(new Error('unavailable'), { status: 503 }));
    work = pendingWork<string>();
    await testing.clock.run(150);
    expect(await endingOf(closing)).toBe('pending');
    work.resolve('done');
    expect(await first).toBe('done');
    await testing.clock.run(50);
    await closing;
  });

  it('waits no longer than it may', async () => {
    const testing = new ReliabilityTesting();
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    class Stuck {
      @Tallied('okx')
      async fetch() {
        return new Promise(() => undefined);
      }
    }
    const module = await Test.createTestingModule({
      imports: [testing.forRoot({ ...tallied, drainMs: 200 })],
      providers: [Stuck],
    }).compile();
    await module.init();
    void module.get(Stuck).fetch();
    const closing = module.close();
    await testing.clock.run(250);
    await closing;
    expect(warn).toHaveBeenCalledWith('Calls are still under way after 200 ms; shutting down all the same');
    warn.mockRestore();
  });
});

describe('one deadline per call', () => {
  class Inner {
    @Tallied('okx')
    async left() {
      return remainingMs();
    }

    @Tallied('okx', { deadlineMs: 50 })
    async own() {
      return remainingMs();
    }

    @Tallied('okx')
    async hang() {
      return new Promise<void>(() => undefined);
    }
  }

  class Outer {
    inner!: Inner;

    @Tallied('okx', { deadlineMs: (ms: number) => ms })
    async run(_ms: number, work: (inner: Inner) => unknown) {
      return work(this.inner);
    }
  }

  const start = async () => {
    const testing = new ReliabilityTesting();
    const module = await Test.createTestingModule({ imports: [testing.forRoot(tallied)] }).compile();
    const runtime = module.get(ReliabilityRuntime);
    const outer = runtime.attach(new Outer());
    outer.inner = runtime.attach(new Inner());
    return { testing, module, outer };
  };

  it('is carried through nested calls; the earlier one counts', async () => {
    const { outer } = await start();
    expect(await outer.run(200, (inner) => inner.left())).toBe(200);
    expect(await outer.run(200, (inner) => inner.own())).toBe(50);
    expect(await outer.run(20, (inner) => inner.own())).toBe(20);
    expect(await outer.run(200, (inner) => detached(() => inner.left()))).toBeUndefined();
    expect(await outer.inner.left()).toBeUndefined();
  });

  it('ends nested calls', async () => {
    const { outer, testing, module } = await start();
    const result = outer.run(100, (inner) => inner.hang());
    await testing.clock.run(100);
    expect(await endingOf(result)).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED' } });
    expect(tallyOf(module).outcomes).toEqual(['failure', 'failure']);
  });

  it('given by a function that fails or gives no time refuses the call, naming it', async () => {
    const { outer, module } = await start();
    await expect(outer.run(-5, () => 1)).rejects.toThrow(
      'Outer.run: deadlineMs for policy "deadline": must be a positive number of ms; got -5',
    );
    expect(tallyOf(module).admitted).toBe(0);
  });
});

describe('a signal in the position of @Signal()', () => {
  it('ends a call in a queue and between attempts, with its reason, leaving no listener', async () => {
    const testing = new ReliabilityTesting();
    class Calls {
      @RateLimit({ limit: 1, windowMs: 1_000 })
      async queued(@Signal() _signal?: AbortSignal) {
        return 'through';
      }

      @Retry({ backoff: { kind: 'fixed', delayMs: 1_000, jitter: 'none' } })
      async retried(@Signal() _signal?: AbortSignal): Promise<void> {
        throw Object.assign(new Error('unavailable'), { status: 503 });
      }
    }
    const module = await Test.createTestingModule({ imports: [testing.forRoot({})], providers: [Calls] }).compile();
    const calls = module.get(Calls);
    await calls.queued();
    for (const call of [calls.queued.bind(calls), calls.retried.bind(calls)]) {
      const controller = new AbortController();
      const added = jest.spyOn(controller.signal, 'addEventListener');
      const removed = jest.spyOn(controller.signal, 'removeEventListener');
      const result = call(controller.signal);
      expect(await endingOf(result)).toBe('pending');
      const reason = new Error('no longer needed');
      controller.abort(reason);
      expect(await endingOf(result)).toEqual({ error: reason });
      expect(added.mock.calls.length).toBeLessThanOrEqual(1 + removed.mock.calls.length);
    }
    const controller = new AbortController();
    const added = jest.spyOn(controller.signal, 'addEventListener');
    const removed = jest.spyOn(controller.signal, 'removeEventListener');
    await testing.clock.run(2_000);
    await calls.queued(controller.signal);
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
  });
});

describe('the async context of a caller', () => {
  it('is that of every attempt, repeated or hedged', async () => {
    const testing = new ReliabilityTesting();
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    class Calls {
      @Retry({ backoff: { kind: 'fixed', delayMs: 10, jitter: 'none' } })
      async retried() {
        seen.push(storage.getStore());
        if (seen.length === 1) throw Object.assign(new Error('unavailable'), { status: 503 });
      }

      @Hedge({ delayMs: 10 })
      async hedged() {
        seen.push(storage.getStore());
        if (seen.length < 4) await new Promise(() => undefined);
      }
    }
    const module = await Test.createTestingModule({ imports: [testing.forRoot({})], providers: [Calls] }).compile();
    const calls = module.get(Calls);
    const retried = storage.run('mine', () => calls.retried());
    await testing.clock.run(50);
    await retried;
    const hedged = storage.run('mine', () => calls.hedged());
    await testing.clock.run(50);
    await hedged;
    expect(seen).toEqual(['mine', 'mine', 'mine', 'mine']);
  });
});

describe('a policy of one’s own that fails', () => {
  class Faulty implements AdmissionPolicy {
    readonly kind = 'admission';
    readonly type = 'faulty';
    readonly waits = false;
    readonly timed = false;

    constructor(
      readonly name: string,
      private readonly options: { readonly at: string },
    ) {}

    admit(): number {
      if (this.options.at === 'admit') throw new Error('bug');
      return this.options.at === 'nothing' ? (undefined as unknown as number) : 1;
    }

    settle() {
      if (this.options.at === 'settle') throw new Error('bug');
    }

    inspect(): PolicySnapshot {
      return { type: this.type, name: this.name };
    }

    reconfigure() {}
  }
  const Fails = definePolicy({
    type: 'faulty',
    slot: 'bulkhead',
    options: z.strictObject({ at: z.string() }),
    policy: Faulty,
  });

  class Calls {
    @Fails({ at: 'admit' })
    async onAdmit() {
      return 'called';
    }

    @Fails({ at: 'nothing' })
    async withNothing() {
      return 'called';
    }

    @Fails({ at: 'settle' })
    async onSettle() {
      return 'called';
    }
  }

  it('refuses by a clear error, or is announced, and never masks the result', async () => {
    const testing = new ReliabilityTesting();
    const module = await Test.createTestingModule({ imports: [testing.forRoot({})], providers: [Calls] }).compile();
    const calls = module.get(Calls);
    await expect(calls.onAdmit()).rejects.toMatchObject({
      code: 'POLICY_FAILED',
      message: 'Calls.onAdmit: admit of faulty "Calls.onAdmit" threw',
      cause: { message: 'bug' },
    });
    await expect(calls.withNothing()).rejects.toThrow('must give a number, an object or a Refusal, and gave undefined');
    await module.init();
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    expect(await calls.onSettle()).toBe('called');
    expect(error).toHaveBeenCalledTimes(1);
    expect(error.mock.calls[0]).toEqual([
      'settle of faulty "Calls.onSettle" threw; calls go on, this is said once',
      expect.stringContaining('Error: bug'),
    ]);
    error.mockRestore();
    expect(testing.events.of('custom')).toMatchObject([{ name: 'policy-failed', data: { what: 'settle' } }]);
  });

  it('is refused when its type is taken or no word', () => {
    const define = (type: string) => () =>
      definePolicy({ type, slot: 'bulkhead', options: z.strictObject({ at: z.string() }), policy: Faulty });
    expect(define('retry')).toThrow("type: is the name of a built-in kind of policy; got 'retry'");
    expect(define('My Policy')).toThrow('type: must be lower-case words joined by hyphens');
  });
});

describe('likely mistakes of order', () => {
  it('are warned of at the start, and a wrong order stops it', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    class Calls {
      @Protect('okx', { order: ['circuit-breaker', 'retry'] })
      async fetch() {}
    }
    class Wrong {
      @Protect('okx', { order: ['hedge'] })
      async fetch() {}
    }
    const policies = { okx: { retry: {}, circuitBreaker: {} } };
    const start = async (provider: typeof Calls | typeof Wrong) => {
      const module = await Test.createTestingModule({
        imports: [ReliabilityModule.forRoot({ policies })],
        providers: [provider],
      }).compile();
      return module.init();
    };
    await start(Calls);
    expect(warn.mock.calls.map(([line]) => line as unknown)).toEqual([
      'Calls.fetch: circuit-breaker lies outside retry: the breaker sees one failure per operation, however many attempts failed, and opens late',
    ]);
    await expect(start(Wrong)).rejects.toThrow(/Wrong\.fetch\.order: order: "hedge" is not in this chain/);
    warn.mockRestore();
  });
});
