import 'reflect-metadata';
import { Controller, Get, UseGuards, UseInterceptors } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  CircuitBreaker,
  Fallback,
  LimitRoute,
  Protect,
  RateLimit,
  RateLimitGuard,
  ReliabilityInterceptor,
  ReliabilityModule,
  Retry,
} from '@marketprism/reliability';

/** What JavaScript, or a cast, can hand to anything. */
const any = (value: unknown) => value as never;

const problemOf = async (start: () => unknown): Promise<string> => {
  try {
    await start();
    return 'started';
  } catch (error) {
    return (error as Error).message;
  }
};

const decorated = (decorate: () => MethodDecorator) => () => {
  class Rates {
    async fetch() {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Rates.prototype, 'fetch')!;
  decorate()(Rates.prototype, 'fetch', descriptor);
  Object.defineProperty(Rates.prototype, 'fetch', descriptor);
  return Rates;
};

describe('a decorator refuses when the class is defined, with place, rule and value', () => {
  it.each<[string, () => unknown]>([
    [
      '@Retry on Rates.fetch: takes a configured name, a function that gives one, options, or nothing; got undefined',
      () => Retry(any(undefined)),
    ],
    [
      '@Retry on Rates.fetch: takes a configured name, a function that gives one, options, or nothing; got null',
      () => Retry(any(null)),
    ],
    [
      '@Retry on Rates.fetch: takes a configured name, a function that gives one, options, or nothing; got 5',
      () => Retry(any(5)),
    ],
    [
      '@Retry on Rates.fetch: takes a configured name, a function that gives one, options, or nothing; got []',
      () => Retry(any([])),
    ],
    ["@Retry on Rates.fetch: options must be an object; got 'x'", () => Retry('okx', any('x'))],
    [
      '@CircuitBreaker on Rates.fetch.deadlineMs: must be a positive number of ms, or a function of the arguments; got -1',
      () => CircuitBreaker({ deadlineMs: -1 }),
    ],
    [
      "@CircuitBreaker on Rates.fetch.settleOn: must be 'first-item' or 'completion'; got 'last'",
      () => CircuitBreaker({ settleOn: any('last') }),
    ],
    [
      "@CircuitBreaker on Rates.fetch.order: must be a list of kinds of policy: ['retry', 'circuit-breaker']; got 'retry'",
      () => CircuitBreaker({ order: any('retry') }),
    ],
    [
      "@RateLimit on Rates.fetch.priority: must be critical, high, normal, low, or a function of the arguments; got 'urgent'",
      () => RateLimit({ priority: any('urgent') }),
    ],
    [
      '@RateLimit on Rates.fetch.cost: must be a positive number, or a function of the arguments; got 0',
      () => RateLimit({ cost: 0 }),
    ],
    [
      "@RateLimit on Rates.fetch.key: must be a non-empty string, or a function of the arguments; got ''",
      () => RateLimit({ key: '' }),
    ],
    [
      '@Protect on Rates.fetch: takes a configured name, a function that gives one, options, or nothing; got undefined',
      () => Protect(any(undefined)),
    ],
    [
      '@Protect on Rates.fetch.retry: is not an option; got { attempts: 3 }',
      () => Protect('okx', any({ retry: { attempts: 3 } })),
    ],
    [
      "@Protect on Rates.fetch.idempotent: must be true or false; got 'no'",
      () => Protect('okx', { idempotent: any('no') }),
    ],
  ])('%s', async (problem, decorate) => {
    expect(await problemOf(decorated(decorate as () => MethodDecorator))).toContain(problem);
  });
});

const startsWith =
  (options: unknown, extra: object = {}) =>
  async () => {
    const imports = [ReliabilityModule.forRoot(any(options))];
    const module = await Test.createTestingModule({ imports, ...extra }).compile();
    await module.init();
  };

describe('the module stops the start, with place, rule and value', () => {
  it.each<[string, unknown]>([
    ['ReliabilityModule.forRoot: takes an object of options; {} for none; got undefined', undefined],
    ['policies.okx: must be an object; got null', { policies: { okx: null } }],
    ['policies.okx: must be an object; got 5', { policies: { okx: 5 } }],
    ["handlers.polcy: is not an option; got 'okx'", { handlers: { polcy: 'okx' } }],
    ['handlers.maxDeadlineMs: Too small: expected number to be >0; got -1', { handlers: { maxDeadlineMs: -1 } }],
    [
      'handlers.policy: no policy is configured under the name "nope"; none are configured',
      { handlers: { policy: 'nope' } },
    ],
    ['routeLimit.limit: Too small', { routeLimit: { limit: -1 } }],
    ['routeLimit.lmit: is not an option; got 1', { routeLimit: { lmit: 1 } }],
    ["customPolicies: must be a list; got 'x'", { customPolicies: 'x' }],
    [
      'customPolicies.0: must be a definition of a policy, or a decorator made by definePolicy(); got {}',
      { customPolicies: [{}] },
    ],
  ])('%s', async (problem, options) => {
    expect(await problemOf(startsWith(options))).toContain(problem);
  });

  it('for policies of a feature that are none', async () => {
    expect(await problemOf(() => ReliabilityModule.forFeature(any(undefined)))).toContain(
      'ReliabilityModule.forFeature: takes policies by name; got undefined',
    );
  });

  it('for an interceptor of a name that is not configured', async () => {
    @Controller()
    class Api {
      @Get()
      @UseInterceptors(ReliabilityInterceptor.for('nope'))
      get() {}
    }
    expect(await problemOf(startsWith({ policies: { okx: {} } }, { controllers: [Api] }))).toBe(
      'ReliabilityInterceptor: no policy is configured under the name "nope"; configured: okx',
    );
  });

  it.each<[string, object]>([
    ['@LimitRoute on Api.get.policy: must be a configured name (okx)', { policy: 'nope' }],
    ['@LimitRoute on Api.get.limit: Too small', { limit: -1 }],
    ['@LimitRoute on Api.get.proxies: must be a whole number from 0 to 100; got -1', { proxies: -1 }],
    ["@LimitRoute on Api.get.key: must be 'ip', 'none' or a function; got 'tenant'", { key: 'tenant' }],
  ])('for the limit of a route: %s', async (problem, limit) => {
    @Controller()
    class Api {
      @Get()
      @UseGuards(RateLimitGuard)
      @LimitRoute(limit)
      get() {}
    }
    expect(await problemOf(startsWith({ policies: { okx: {} } }, { controllers: [Api] }))).toContain(problem);
  });

  it('for a fallback to a method that is not there', async () => {
    class Rates {
      @((Fallback as (name: string) => MethodDecorator)('lastKnown'))
      @CircuitBreaker()
      async fetch() {}
    }
    expect(await problemOf(startsWith({}, { providers: [Rates] }))).toContain(
      "@Fallback on Rates.fetch: must name a method of Rates; got 'lastKnown'",
    );
  });
});
