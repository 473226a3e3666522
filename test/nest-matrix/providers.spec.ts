import 'reflect-metadata';
import { forwardRef, Inject, Injectable, Module, Scope, type Type } from '@nestjs/common';
import { ContextIdFactory, LazyModuleLoader, ModuleRef } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  ReliabilityManager,
  ReliabilityModule,
  ReliabilityRuntime,
  RELIABILITY_CAPABILITIES,
  onUnmanaged,
} from '@marketprism/reliability';
import { Tallied, tallied, tallyOf } from './tally.js';

@Injectable()
class Rates {
  @Tallied('okx')
  async fetch() {
    return 'rates';
  }

  async other() {
    return this.fetch();
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  static made = 0;
  readonly number = (PerRequest.made += 1);

  @Tallied('okx')
  async fetch() {
    return this.number;
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Durable {
  @Tallied('okx')
  async fetch() {
    return 'durable';
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {
  @Tallied('okx')
  async fetch() {
    return 'transient';
  }
}

@Injectable()
class UsesTransient {
  constructor(readonly transient: Transient) {}
}

class Plain {
  @Tallied('okx')
  async fetch() {
    return 'plain';
  }
}

abstract class Base {
  @Tallied('okx')
  async inherited() {
    return 'inherited';
  }

  @Tallied('okx')
  async overridden() {
    return 'base';
  }

  @Tallied('okx')
  async extended(): Promise<string> {
    return 'base';
  }
}

@Injectable()
class Derived extends Base {
  override async overridden() {
    return 'derived';
  }

  override async extended() {
    return `derived of ${await super.extended()}`;
  }
}

const Mixed = <T extends Type<object>>(base: T) => {
  @Injectable()
  class WithFetch extends base {
    @Tallied('okx')
    async fetch() {
      return 'mixed';
    }
  }
  return WithFetch;
};

@Injectable()
class FromMixin extends Mixed(class {}) {}

@Injectable()
class Bound {
  readonly captured: () => Promise<string>;

  constructor() {
    this.captured = this.fetch.bind(this);
  }

  @Tallied('okx')
  async fetch() {
    return 'bound';
  }
}

@Injectable()
class Frozen {
  constructor() {
    Object.freeze(this);
  }

  @Tallied('okx')
  async fetch() {
    return 'frozen';
  }
}

@Injectable()
class Secret {
  readonly #secret = 'secret';

  @Tallied('okx')
  async fetch() {
    return this.#secret;
  }
}

@Injectable()
class Left {
  constructor(@Inject(forwardRef(() => Right)) readonly right: { fetch(): Promise<string> }) {}

  @Tallied('okx')
  async fetch() {
    return 'left';
  }
}

@Injectable()
class Right {
  constructor(@Inject(forwardRef(() => Left)) readonly left: { fetch(): Promise<string> }) {}

  @Tallied('okx')
  async fetch() {
    return 'right';
  }
}

@Injectable()
class Lazy {
  @Tallied('okx')
  async fetch() {
    return 'lazy';
  }
}

@Module({ providers: [Lazy] })
class LazyModule {}

const start = async (...providers: unknown[]) => {
  const module = await Test.createTestingModule({
    imports: [ReliabilityModule.forRoot(tallied)],
    providers: providers as never[],
  }).compile();
  await module.init();
  return module;
};

describe('a protected method is protected on', () => {
  it('a singleton, and when it is called on `this`', async () => {
    const module = await start(Rates);
    expect(await module.get(Rates).fetch()).toBe('rates');
    expect(await module.get(Rates).other()).toBe('rates');
    expect(tallyOf(module).outcomes).toEqual(['success', 'success']);
    await module.close();
  });

  it('request-scoped providers, each call on its own instance', async () => {
    const module = await start(PerRequest);
    const first = await module.resolve(PerRequest);
    const second = await module.resolve(PerRequest);
    expect([await first.fetch(), await second.fetch(), await first.fetch()]).toEqual([
      first.number,
      second.number,
      first.number,
    ]);
    expect(first.number).not.toBe(second.number);
    expect(tallyOf(module).admitted).toBe(3);
    await module.close();
  });

  it('durable providers', async () => {
    const module = await start(Durable);
    const contextId = ContextIdFactory.create();
    expect(await (await module.resolve(Durable, contextId)).fetch()).toBe('durable');
    expect(tallyOf(module).admitted).toBe(1);
    await module.close();
  });

  it('transient providers, injected, resolved and made by ModuleRef.create', async () => {
    const module = await start(Transient, UsesTransient);
    await module.get(UsesTransient).transient.fetch();
    await (await module.resolve(Transient)).fetch();
    await (await module.get(ModuleRef).create(Transient)).fetch();
    expect(tallyOf(module).admitted).toBe(3);
    await module.close();
  });

  it('providers given by useClass, useFactory and useValue', async () => {
    const module = await start(
      { provide: 'CLASS', useClass: Plain },
      { provide: 'FACTORY', useFactory: async () => new Plain() },
      { provide: 'VALUE', useValue: new Plain() },
    );
    for (const token of ['CLASS', 'FACTORY', 'VALUE']) {
      expect(await module.get<Plain>(token).fetch()).toBe('plain');
    }
    expect(tallyOf(module).admitted).toBe(3);
    await module.close();
  });

  it('instances made by hand, once attached, and by request-scoped factories that attach', async () => {
    const module = await start({
      provide: 'FACTORY',
      scope: Scope.REQUEST,
      inject: [ReliabilityRuntime],
      useFactory: (runtime: ReliabilityRuntime) => runtime.attach(new Plain()),
    });
    await module.get(ReliabilityRuntime).attach(new Plain()).fetch();
    await (await module.resolve<Plain>('FACTORY')).fetch();
    expect(tallyOf(module).admitted).toBe(2);
    await module.close();
  });

  it('inherited methods and super calls, and not on an override without a decorator', async () => {
    const module = await start(Derived);
    const derived = module.get(Derived);
    expect(await derived.inherited()).toBe('inherited');
    expect(tallyOf(module).admitted).toBe(1);
    expect(await derived.overridden()).toBe('derived');
    expect(tallyOf(module).admitted).toBe(1);
    expect(await derived.extended()).toBe('derived of base');
    expect(tallyOf(module).admitted).toBe(2);
    await module.close();
  });

  it('mixins, methods bound in a constructor, frozen instances, private fields and forwardRef cycles', async () => {
    const module = await start(FromMixin, Bound, Frozen, Secret, Left, Right);
    expect(await module.get(FromMixin).fetch()).toBe('mixed');
    expect(await module.get(Bound).captured()).toBe('bound');
    expect(await module.get(Frozen).fetch()).toBe('frozen');
    expect(await module.get(Secret).fetch()).toBe('secret');
    expect(await module.get(Left).right.fetch()).toBe('right');
    expect(await module.get(Right).left.fetch()).toBe('left');
    expect(tallyOf(module).admitted).toBe(6);
    await module.close();
  });

  it('providers of lazily loaded modules', async () => {
    const module = await start();
    const lazy = await module.get(LazyModuleLoader).load(() => LazyModule);
    expect(await lazy.get(Lazy).fetch()).toBe('lazy');
    expect(tallyOf(module).admitted).toBe(1);
    await module.close();
  });

  it('a provider before the application is initialised', async () => {
    const module = await Test.createTestingModule({
      imports: [ReliabilityModule.forRoot(tallied)],
      providers: [Rates],
    }).compile();
    await module.get(Rates).fetch();
    expect(tallyOf(module).admitted).toBe(1);
    await module.close();
  });
});

describe('applications in one process', () => {
  it('share nothing', async () => {
    const [one, other] = [await start(Rates), await start(Rates)];
    await one.get(Rates).fetch();
    expect([tallyOf(one).admitted, tallyOf(other).admitted]).toEqual([1, 0]);
    await one.close();
    await other.get(Rates).fetch();
    expect(tallyOf(other).admitted).toBe(1);
    await other.close();
  });

  it('refuse a second forRoot, saying what to do instead', async () => {
    const compiled = Test.createTestingModule({
      imports: [ReliabilityModule.forRoot(tallied), ReliabilityModule.forRoot({})],
    }).compile();
    await expect(compiled).rejects.toThrow(/imported twice in one application.*forFeature/s);
  });
});

describe('what tests do with providers', () => {
  it('a spy that calls through keeps the protection, on instance and prototype', async () => {
    const module = await start(Rates);
    const rates = module.get(Rates);
    const onInstance = jest.spyOn(rates, 'fetch');
    await rates.fetch();
    expect(onInstance).toHaveBeenCalledTimes(1);
    expect(tallyOf(module).admitted).toBe(1);
    onInstance.mockRestore();
    const onPrototype = jest.spyOn(Rates.prototype, 'fetch');
    await rates.fetch();
    onPrototype.mockRestore();
    expect(tallyOf(module).admitted).toBe(2);
    await module.close();
  });

  it('a spy with an answer of its own replaces method and protection', async () => {
    const module = await start(Rates);
    jest.spyOn(module.get(Rates), 'fetch').mockResolvedValue('mocked');
    expect(await module.get(Rates).fetch()).toBe('mocked');
    expect(tallyOf(module).admitted).toBe(0);
    await module.close();
  });

  it('overrideProvider replaces a service as a whole, and the capabilities of the policies', async () => {
    const now = jest.fn(() => 0);
    const clock = { now, wallNow: () => 0, schedule: () => ({ cancel: () => undefined }) };
    const module = await Test.createTestingModule({ imports: [ReliabilityModule.forRoot(tallied)], providers: [Rates] })
      .overrideProvider(Rates)
      .useValue({ fetch: async () => 'overridden' })
      .overrideProvider(RELIABILITY_CAPABILITIES)
      .useValue({ clock, random: { next: () => 0 }, emit: { wants: () => false, on: () => () => undefined } })
      .compile();
    expect(await module.get(Rates).fetch()).toBe('overridden');
    module.get(ReliabilityManager).inspect();
    expect(now).toHaveBeenCalled();
  });

  it('useMocker mocks what is missing and leaves the method as it is', async () => {
    onUnmanaged('ignore');
    const module = await Test.createTestingModule({ providers: [Rates] })
      .useMocker(() => ({ invoke: () => 'mocked' }))
      .compile();
    expect(await module.get(Rates).fetch()).toBe('rates');
    onUnmanaged('warn');
  });

  it('the slot shows neither in logs nor in copies nor in comparisons', async () => {
    const module = await start(Rates, Plain);
    expect(Reflect.ownKeys({ ...module.get(Rates) })).toEqual([]);
    expect(module.get(Plain)).toEqual(new Plain());
    await module.close();
  });
});

describe('a protected method without a runtime', () => {
  afterEach(() => onUnmanaged('warn'));

  it('runs unprotected with one warning, or throws, by setting', async () => {
    const { Logger } = await import('@nestjs/common');
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    class Alone {
      @Tallied('okx')
      async fetch() {
        return 'alone';
      }
    }
    expect(await new Alone().fetch()).toBe('alone');
    expect(await new Alone().fetch()).toBe('alone');
    expect(warn.mock.calls.filter(([line]) => String(line).startsWith('Alone.fetch'))).toHaveLength(1);
    warn.mockRestore();
    onUnmanaged('throw');
    await expect((async () => new Alone().fetch())()).rejects.toMatchObject({ code: 'UNMANAGED', refused: true });
  });
});
