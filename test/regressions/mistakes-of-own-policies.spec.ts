import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type Admission,
  type AdmissionPolicy,
  type AroundPolicy,
  type Call,
  CircuitBreaker,
  definePolicy,
  type Next,
  type Outcome,
  type Permit,
  PolicyRegistry,
  Refusal,
  ReliabilityManager,
} from '@marketprism/reliability';
import { endingOf, pendingWork, ReliabilityTesting } from '@marketprism/reliability/testing';
import { z } from 'zod';

const bug = new Error('bug');
const THEN = Object.getOwnPropertyNames(Promise.prototype).find((name) => name.startsWith('th'))!;
const NOTHING = z.strictObject({});

beforeEach(() => {
  jest.spyOn(Logger.prototype, 'error').mockImplementation();
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** An admission policy of which a test replaces a part. */
class Gate implements AdmissionPolicy {
  readonly kind = 'admission';
  readonly type = 'gate';
  readonly waits: boolean = false;
  readonly timed = false;
  readonly settled: string[] = [];

  constructor(readonly name: string) {}

  admit(): Admission {
    return 0;
  }

  settle(_permit: Permit, outcome: Outcome): void {
    this.settled.push(outcome.kind);
  }

  inspect() {
    return { type: this.type, name: this.name };
  }

  reconfigure() {}
}

/** A policy around calls of which a test replaces a part. */
class Surround implements AroundPolicy {
  readonly kind = 'around';
  readonly type = 'surround';

  constructor(readonly name: string) {}

  intercept(call: Call, next: Next): unknown {
    return next(call);
  }

  inspect() {
    return { type: this.type, name: this.name };
  }

  reconfigure() {}
}

const gateOf = (Policy: typeof Gate) =>
  definePolicy({ type: 'gate', slot: 'bulkhead', options: NOTHING, policy: Policy });
const surroundOf = (Policy: typeof Surround) =>
  definePolicy({ type: 'surround', slot: 'retry', options: NOTHING, policy: Policy });

type Decorate = ReturnType<typeof gateOf> | ReturnType<typeof surroundOf>;

/** A service under a policy of one's own, inside and outside of which a breaker counts. */
const start = async (Own: Decorate, work: () => unknown = async () => 'rate') => {
  const testing = new ReliabilityTesting();
  let runs = 0;
  class Rates {
    @Own()
    @CircuitBreaker({ consecutiveFailures: 2 })
    async fetch(): Promise<unknown> {
      runs += 1;
      return work();
    }
  }
  const module = await Test.createTestingModule({ imports: [testing.forRoot({})], providers: [Rates] }).compile();
  await module.init();
  const registry = module.get(PolicyRegistry);
  const policy = registry.inline(Own.definition, 'Rates.fetch', {}, '');
  const failures = () => testing.events.of('custom').map(({ data }) => data);
  return { testing, module, registry, policy, failures, rates: module.get(Rates), runs: () => runs };
};

const message = (what: string) => `Rates.fetch: ${what}`;

// A policy of one's own could return what no chain expects: the call then failed with a TypeError of the library, hung,
// or took the process down by a rejection that nobody handles.
describe('an admission policy of one’s own', () => {
  it.each([
    [
      'a throw',
      () => {
        throw bug;
      },
      'admit of gate "Rates.fetch" threw',
    ],
    [
      'nothing',
      () => undefined,
      'admit of gate "Rates.fetch" must give a number, an object or a Refusal, and gave undefined',
    ],
    ['a boolean', () => true, 'admit of gate "Rates.fetch" must give a number, an object or a Refusal, and gave true'],
    [
      'a promise although it does not wait',
      async () => 0,
      'admit of gate "Rates.fetch" gave a promise, which only a policy whose `waits` is true may',
    ],
  ])('that admits by %s refuses the call', async (_, admit, problem) => {
    class Faulty extends Gate {
      override admit = admit as () => Admission;
    }
    const { rates, registry, runs } = await start(gateOf(Faulty));
    await expect(rates.fetch()).rejects.toMatchObject({
      code: 'POLICY_FAILED',
      refused: true,
      message: message(problem),
    });
    expect([runs(), registry.inFlight]).toEqual([0, 0]);
  });

  it('that gives a promise of a permit although it does not wait gets the permit back', async () => {
    class Faulty extends Gate {
      override admit = async () => 0;
    }
    const { rates, policy } = await start(gateOf(Faulty));
    await expect(rates.fetch()).rejects.toMatchObject({ code: 'POLICY_FAILED' });
    expect((policy as Gate).settled).toEqual(['ignored']);
  });

  it('that waits and rejects refuses the call', async () => {
    class Faulty extends Gate {
      override readonly waits = true;
      override admit(): Admission {
        return Promise.reject(bug);
      }
    }
    const { rates, registry } = await start(gateOf(Faulty));
    await expect(rates.fetch()).rejects.toMatchObject({
      message: message('admit of gate "Rates.fetch" rejected'),
      cause: bug,
    });
    expect(registry.inFlight).toBe(0);
  });

  it.each([
    [
      'throws',
      () => {
        throw bug;
      },
      'precheck of gate "Rates.fetch" threw',
    ],
    [
      'gives no refusal',
      () => false,
      'precheck of gate "Rates.fetch" must give a Refusal or undefined, and gave false',
    ],
  ])('whose precheck %s refuses the call', async (_, precheck, problem) => {
    class Prechecked extends Gate {
      precheck = precheck as never;
    }
    const Own = definePolicy({ type: 'gate', slot: 'circuit-breaker', options: NOTHING, policy: Prechecked });
    const testing = new ReliabilityTesting();
    class Waiting extends Gate {
      override readonly type = 'waiting' as 'gate';
      override readonly waits = true;
    }
    const Waits = definePolicy({ type: 'waiting', slot: 'bulkhead', options: NOTHING, policy: Waiting });
    class Rates {
      @Own()
      @Waits()
      async fetch() {}
    }
    const module = await Test.createTestingModule({ imports: [testing.forRoot({})], providers: [Rates] }).compile();
    await expect(module.get(Rates).fetch()).rejects.toThrow(problem);
    expect(module.get(PolicyRegistry).inFlight).toBe(0);
  });

  it.each([
    [
      'throws',
      () => {
        throw bug;
      },
      'toError of a refusal of gate "Rates.fetch" threw',
    ],
    [
      'is no error of the library',
      () => 'no',
      `toError of a refusal of gate "Rates.fetch" must give a ReliabilityError, and gave 'no'`,
    ],
  ])('whose refusal %s refuses the call all the same', async (_, toError, problem) => {
    class Own extends Refusal {
      override toError = toError as never;
    }
    class Faulty extends Gate {
      override admit(): Admission {
        return new Own(this.name, undefined);
      }
    }
    const { rates, registry } = await start(gateOf(Faulty));
    await expect(rates.fetch()).rejects.toMatchObject({ code: 'POLICY_FAILED', message: message(problem) });
    expect(registry.inFlight).toBe(0);
  });

  it.each([
    [
      'settle',
      {
        settle: () => {
          throw bug;
        },
      },
    ],
    ['settle, later', { settle: () => Promise.reject(bug) }],
    [
      'end',
      {
        end: () => {
          throw bug;
        },
      },
    ],
    ['end, later', { end: () => Promise.reject(bug) }],
  ])('that fails to %s is announced, and masks neither result nor error of the call', async (what, part) => {
    class Faulty extends Gate {
      constructor(name: string) {
        super(name);
        Object.assign(this, part);
      }
    }
    const results = [async () => 'rate', async () => Promise.reject(new Error('own error'))];
    const { rates, failures, registry } = await start(gateOf(Faulty), () => results.shift()!());
    expect(await rates.fetch()).toBe('rate');
    await expect(rates.fetch()).rejects.toThrow('own error');
    await endingOf(undefined);
    const failure = { type: 'gate', what: what.split(',')[0], error: bug };
    expect(failures()).toMatchObject([failure, failure]);
    expect(registry.inFlight).toBe(0);
  });

  it('that cannot be looked at or closed keeps nothing else from it', async () => {
    class Faulty extends Gate {
      override inspect(): never {
        throw bug;
      }
      close() {
        throw bug;
      }
    }
    const { rates, module, failures } = await start(gateOf(Faulty));
    await rates.fetch();
    expect(module.get(ReliabilityManager).inspect()).toMatchObject([
      { type: 'circuit-breaker' },
      { type: 'gate', name: 'Rates.fetch', failed: 'bug' },
    ]);
    await module.close();
    expect(failures()).toMatchObject([{ what: 'inspect' }, { what: 'close' }]);
  });
});

describe('a policy of one’s own around calls', () => {
  it.each([
    [
      'throws',
      () => {
        throw bug;
      },
      'intercept of surround "Rates.fetch" threw',
    ],
    ['rejects', () => Promise.reject(bug), 'intercept of surround "Rates.fetch" rejected'],
  ])('that %s before the call refuses it', async (_, intercept, problem) => {
    class Faulty extends Surround {
      override intercept = intercept;
    }
    const { rates, runs } = await start(surroundOf(Faulty));
    await expect(rates.fetch()).rejects.toMatchObject({ code: 'POLICY_FAILED', message: message(problem), cause: bug });
    expect(runs()).toBe(0);
  });

  it('may translate the error of the call', async () => {
    class Translates extends Surround {
      override async intercept(call: Call, next: Next) {
        try {
          return await next(call);
        } catch {
          throw bug;
        }
      }
    }
    const { rates } = await start(surroundOf(Translates), () => Promise.reject(new Error('own error')));
    await expect(rates.fetch()).rejects.toBe(bug);
  });

  it('that calls further in twice at once is told to fork, and the first is counted once', async () => {
    const work = pendingWork();
    class Twice extends Surround {
      override async intercept(call: Call, next: Next) {
        const first = next(call);
        await next(call);
        return first;
      }
    }
    const { rates, runs, registry, module } = await start(surroundOf(Twice), () => work.promise);
    await expect(rates.fetch()).rejects.toMatchObject({
      code: 'POLICY_FAILED',
      message: message(
        'intercept of surround "Rates.fetch" called next again while its first call of it runs: give it a fork()',
      ),
    });
    work.resolve('rate');
    await endingOf(work.promise);
    expect([runs(), registry.inFlight]).toEqual([1, 0]);
    const breaker = module
      .get(ReliabilityManager)
      .inspect()
      .find(({ type }) => type === 'circuit-breaker');
    expect(breaker).toMatchObject({ counters: { admitted: 1, successes: 1, failures: 0 } });
  });

  it('may call further in again when the first is over, or with a fork', async () => {
    class Again extends Surround {
      override async intercept(call: Call, next: Next) {
        await next(call);
        const fork = call.fork();
        const both = await Promise.all([next(call), next(fork)]);
        fork.finish();
        return both;
      }
    }
    const { rates, runs } = await start(surroundOf(Again));
    expect(await rates.fetch()).toEqual(['rate', 'rate']);
    expect(runs()).toBe(3);
  });

  it('that gives a thenable which settles twice gives what it settled first', async () => {
    class Thenable extends Surround {
      override intercept(call: Call, next: Next) {
        void next(call);
        const settleTwice = (resolve: (value: string) => void, reject: (error: unknown) => void) => {
          reject(new Error('first'));
          resolve('second');
        };
        return Object.defineProperty({}, THEN, { value: settleTwice });
      }
    }
    const { rates } = await start(surroundOf(Thenable));
    await expect(rates.fetch()).rejects.toThrow('first');
  });

  it('that never settles is ended by the deadline of the call', async () => {
    class Hangs extends Surround {
      override intercept() {
        return new Promise(() => undefined);
      }
    }
    const Own = surroundOf(Hangs);
    const testing = new ReliabilityTesting();
    class Rates {
      @Own({ deadlineMs: 50 })
      async fetch() {}
    }
    const module = await Test.createTestingModule({ imports: [testing.forRoot({})], providers: [Rates] }).compile();
    const ending = module.get(Rates).fetch();
    ending.catch(() => undefined);
    await testing.clock.run(60);
    await expect(ending).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });
});

describe('a class that is no policy', () => {
  const message = async (Policy: unknown) => {
    const Own = definePolicy({ type: 'gate', slot: 'bulkhead', options: NOTHING, policy: Policy as typeof Gate });
    class Rates {
      @Own()
      async fetch() {}
    }
    const testing = new ReliabilityTesting();
    const module = await Test.createTestingModule({ imports: [testing.forRoot({})], providers: [Rates] }).compile();
    return module.init().then(
      () => 'started',
      (error: Error) => error.message,
    );
  };

  it.each([
    [
      'another type',
      class extends Gate {
        override readonly type = 'gait' as 'gate';
      },
      `gate "Rates.fetch": must have the type "gate" that it was defined with; got 'gait'`,
    ],
    [
      'no kind',
      class extends Gate {
        override readonly kind = 'other' as 'admission';
      },
      `gate "Rates.fetch": must have the kind 'admission' or 'around'; got 'other'`,
    ],
    [
      'another name',
      class extends Gate {
        constructor() {
          super('mine');
        }
      },
      `gate "Rates.fetch": must keep the name that it is made with; got 'mine'`,
    ],
    [
      'no settle',
      class extends Gate {
        override settle = undefined as never;
      },
      'gate "Rates.fetch": must have a method settle; got undefined',
    ],
    [
      'a constructor that throws',
      class {
        constructor() {
          throw bug;
        }
      },
      'gate "Rates.fetch" threw while it was made',
    ],
  ] as [string, unknown, string][])('stops the start: %s', async (_, Policy, problem) => {
    expect(await message(Policy)).toContain(problem);
  });

  it.each([
    ['options: must be a zod schema', { options: {} }],
    ['policy: must be a class', { policy: undefined }],
    ['slot: must be one of', { slot: 'nowhere' }],
    ['type: must be lower-case words', { type: undefined }],
  ])('is refused by definePolicy: %s', (problem, part) => {
    const given = { type: 'gate', slot: 'bulkhead', options: NOTHING, policy: Gate, ...part } as never;
    expect(() => definePolicy(given)).toThrow(problem);
  });
});
