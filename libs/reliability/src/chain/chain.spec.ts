import { Call } from '../core/call.js';
import { ReliabilityError } from '../core/errors.js';
import type { Outcome } from '../core/outcome.js';
import type { Admission, AdmissionPolicy, AroundPolicy, Permit, PolicySnapshot } from '../core/policy.js';
import type { Slot } from '../core/policy-definition.js';
import { Refusal } from '../core/refusal.js';
import { PLAIN_USE } from '../core/use.js';
import { settlePromises } from '../testing/manual-clock.js';
import { type TestCapabilities, testCapabilities } from '../testing/test-capabilities.js';
import { Chain } from './chain.js';
import { runWork } from './execute.js';
import type { Link } from './link.js';

class Refused extends Refusal {
  override toError() {
    return new ReliabilityError(`${this.policy} refuses`, {
      code: 'TEST_REFUSED',
      policyType: 'test',
      policy: this.policy,
      refused: true,
    });
  }
}

/** Writes down what the chain asks of it. */
class Scripted implements AdmissionPolicy {
  readonly kind = 'admission';
  readonly type: string;
  precheck?: AdmissionPolicy['precheck'];

  constructor(
    readonly name: string,
    private readonly log: string[],
    private readonly answer: () => Admission = () => 7,
    readonly waits = false,
    readonly timed = true,
  ) {
    this.type = name;
  }

  admit(_call: Call, now: number): Admission {
    this.log.push(`${this.name} admit @${now}`);
    return this.answer();
  }

  settle(permit: Permit, outcome: Outcome, _call: Call, now: number): void {
    const duration = outcome.kind === 'ignored' ? '' : ` ${outcome.durationMs} ms`;
    this.log.push(`${this.name} settle ${permit as number} ${outcome.kind}${duration} @${now}`);
  }

  end(permit: Permit, now: number): void {
    this.log.push(`${this.name} end ${permit as number} @${now}`);
  }

  inspect(): PolicySnapshot {
    return { type: this.type, name: this.name };
  }

  reconfigure(): void {}
}

const link = (policy: Link['policy'], slot: Slot): Link => ({ policy, slot, use: PLAIN_USE });

describe('Chain', () => {
  let test: TestCapabilities;
  let log: string[];

  beforeEach(() => {
    test = testCapabilities();
    log = [];
  });

  const callOf = (work: () => unknown) => new Call('test', work, undefined, []);
  const chainOf = (...links: Link[]) => new Chain(links, runWork, test);

  it('admits outermost first, settles and ends in reverse, with one reading of the clock each', async () => {
    const chain = chainOf(link(new Scripted('b', log), 'bulkhead'), link(new Scripted('a', log), 'circuit-breaker'));
    const result = chain.execute(
      callOf(async () => {
        test.clock.advance(25);
        return 'value';
      }),
    );

    await expect(result).resolves.toBe('value');
    expect(log).toEqual([
      'a admit @0',
      'b admit @0',
      'b settle 7 success 25 ms @25',
      'a settle 7 success 25 ms @25',
      'b end 7 @25',
      'a end 7 @25',
    ]);
  });

  it('keeps a plain value plain and a plain throw a throw', () => {
    const chain = chainOf(link(new Scripted('a', log), 'bulkhead'));
    expect(chain.execute(callOf(() => 5))).toBe(5);
    expect(() =>
      chain.execute(
        callOf(() => {
          throw new TypeError('bad');
        }),
      ),
    ).toThrow(TypeError);
    expect(log.filter((line) => line.includes('settle'))).toEqual([
      'a settle 7 success 0 ms @0',
      'a settle 7 failure 0 ms @0',
    ]);
  });

  it('gives earlier permits back as ignored when a later policy refuses, without calling', async () => {
    const work = jest.fn();
    const chain = chainOf(
      link(new Scripted('a', log), 'circuit-breaker'),
      link(new Scripted('b', log, () => new Refused('b', 100)), 'bulkhead'),
    );
    expect(() => chain.execute(callOf(work))).toThrow('b refuses');
    expect(work).not.toHaveBeenCalled();
    expect(log).toEqual(['a admit @0', 'b admit @0', 'a settle 7 ignored @0', 'a end 7 @0']);
    expect(chain.tryExecute(callOf(work))).toMatchObject({
      kind: 'refused',
      refusal: { policy: 'b', retryAfterMs: 100 },
    });
  });

  it('gives earlier permits back when a policy throws while admitting', () => {
    const broken = new Scripted('b', log, () => {
      throw new TypeError('key function');
    });
    const chain = chainOf(link(new Scripted('a', log), 'circuit-breaker'), link(broken, 'bulkhead'));
    expect(() => chain.execute(callOf(() => 1))).toThrow('key function');
    expect(log).toContain('a settle 7 ignored @0');
  });

  it('asks a breaker before the queue and admits it after, so that waiting is neither slow nor holds its permit', async () => {
    let admit!: (permit: Permit) => void;
    const breaker = new Scripted('breaker', log);
    breaker.precheck = () => {
      log.push('breaker precheck');
      return undefined;
    };
    const queue = new Scripted('queue', log, () => new Promise((resolve) => (admit = resolve)), true);
    const chain = chainOf(link(breaker, 'circuit-breaker'), link(queue, 'rate-limiter'));
    const result = chain.execute(
      callOf(async () => {
        test.clock.advance(5);
        return 'late';
      }),
    );
    test.clock.advance(1_000);
    admit(3);

    await expect(result).resolves.toBe('late');
    expect(log).toEqual([
      'breaker precheck',
      'queue admit @0',
      'breaker admit @1000',
      'breaker settle 7 success 5 ms @1005',
      'queue settle 3 success 5 ms @1005',
      'breaker end 7 @1005',
      'queue end 3 @1005',
    ]);
  });

  it('gives the queue its permit back when the breaker has opened meanwhile', async () => {
    const breaker = new Scripted('breaker', log, () => new Refused('breaker', 1));
    breaker.precheck = () => undefined;
    const queue = new Scripted('queue', log, () => Promise.resolve(3), true);
    const chain = chainOf(link(breaker, 'circuit-breaker'), link(queue, 'rate-limiter'));
    await expect(chain.execute(callOf(() => 1))).rejects.toThrow('breaker refuses');
    expect(log).toEqual(['queue admit @0', 'breaker admit @0', 'queue settle 3 ignored @0', 'queue end 3 @0']);
  });

  it('ends a permit only when work that was abandoned has really ended', async () => {
    let finish!: () => void;
    const work = new Promise<void>((resolve) => (finish = resolve));
    const impatient: AroundPolicy = {
      kind: 'around',
      type: 'time-limit',
      name: 'impatient',
      intercept(call, next) {
        call.abandon(next(call) as Promise<unknown>);
        return Promise.reject(new Error('too slow'));
      },
      inspect: () => ({ type: 'time-limit', name: 'impatient' }),
      reconfigure: () => undefined,
    };
    const chain = chainOf(link(new Scripted('bulkhead', log), 'bulkhead'), link(impatient, 'time-limit'));

    await expect(chain.execute(callOf(() => work))).rejects.toThrow('too slow');
    expect(log).toEqual(['bulkhead admit @0', 'bulkhead settle 7 failure 0 ms @0']);
    test.clock.advance(500);
    finish();
    await settlePromises();
    expect(log.at(-1)).toBe('bulkhead end 7 @500');
  });

  it('rejects and settles at once as ignored when the caller gives up, and ends when the work does', async () => {
    const controller = new AbortController();
    let finish!: () => void;
    const work = new Promise<void>((resolve) => (finish = resolve));
    const call = callOf(() => work);
    call.follow(controller.signal);
    const result = chainOf(link(new Scripted('bulkhead', log), 'bulkhead')).execute(call);
    controller.abort(new Error('gone'));
    expect(log.at(-1)).toBe('bulkhead settle 7 ignored @0');
    await expect(result).rejects.toThrow('gone');
    finish();
    await settlePromises();
    expect(log.at(-1)).toBe('bulkhead end 7 @0');
  });

  it('does not start a call whose caller has already given up', () => {
    const work = jest.fn();
    const call = callOf(work);
    call.follow(AbortSignal.abort(new Error('gone')));
    expect(() => chainOf(link(new Scripted('a', log), 'bulkhead')).execute(call)).toThrow('gone');
    expect(work).not.toHaveBeenCalled();
    expect(log).toEqual([]);
  });

  it('keeps the deadline that a call brings, whether or not the chain has one of its own', async () => {
    const call = callOf(() => new Promise(() => undefined));
    call.deadline = test.clock.now() + 50;
    const result = chainOf(link(new Scripted('bulkhead', log), 'bulkhead')).execute(call);
    test.clock.advance(50);
    await expect(result).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(log).toContain('bulkhead settle 7 failure 50 ms @50');
  });

  it('treats the refusal of a further policy inside as ignored', async () => {
    const inner = new Refused('inner', 1).toError();
    await expect(
      chainOf(link(new Scripted('a', log), 'bulkhead')).execute(callOf(() => Promise.reject(inner))),
    ).rejects.toBe(inner);
    expect(log).toContain('a settle 7 ignored @0');
  });

  it('does not read the clock when no policy looks at it', () => {
    const now = jest.spyOn(test.clock, 'now');
    chainOf(link(new Scripted('a', log, () => 1, false, false), 'bulkhead')).execute(callOf(() => 1));
    expect(now).not.toHaveBeenCalled();
  });

  it('gives a policy that is alone the duration of its own run, while another run of the same call goes on', async () => {
    const again: AroundPolicy = {
      kind: 'around',
      type: 'again',
      name: 'again',
      intercept: async (call, next) => {
        const first = next(call);
        await new Promise<void>((resolve) => test.clock.schedule(50, resolve));
        await next(call);
        return await first;
      },
      inspect: () => ({ type: 'again', name: 'again' }),
      reconfigure: () => undefined,
    };
    const chain = chainOf(link(again, 'retry'), link(new Scripted('a', log), 'bulkhead'));
    const result = chain.execute(
      callOf(() => new Promise<void>((resolve) => test.clock.schedule(100, resolve))),
    ) as Promise<unknown>;
    await test.clock.run(200);
    await result;
    expect(log.filter((line) => line.includes('settle'))).toEqual([
      'a settle 7 success 100 ms @100',
      'a settle 7 success 100 ms @150',
    ]);
  });

  it('leaves no listener on the signal of a caller', async () => {
    const controller = new AbortController();
    const add = jest.spyOn(controller.signal, 'addEventListener');
    const remove = jest.spyOn(controller.signal, 'removeEventListener');
    const call = callOf(async () => 1);
    call.follow(controller.signal);
    await chainOf(link(new Scripted('a', log), 'bulkhead')).execute(call);
    expect(add).toHaveBeenCalledTimes(1);
    expect(remove).toHaveBeenCalledTimes(1);
  });

  it('places links by slot, and named ones by order', () => {
    const around = (type: string, slot: Slot): Link =>
      link(
        {
          kind: 'around',
          type,
          name: type,
          intercept: (call, next) => next(call),
          inspect: () => ({ type, name: type }),
          reconfigure: () => undefined,
        },
        slot,
      );
    const links = [
      around('time-limit', 'time-limit'),
      link(new Scripted('bulkhead', log), 'bulkhead'),
      around('retry', 'retry'),
    ];
    const types = (order?: string[]) => new Chain(links, runWork, test, order).links.map(({ policy }) => policy.type);

    expect(types()).toEqual(['retry', 'bulkhead', 'time-limit']);
    expect(types(['time-limit', 'retry'])).toEqual(['time-limit', 'bulkhead', 'retry']);
    expect(() => types(['hedge'])).toThrow(
      'order: "hedge" is not in this chain, which has retry, bulkhead, time-limit',
    );
    expect(() => types(['retry', 'retry'])).toThrow('order: "retry" is named twice');
  });
});
