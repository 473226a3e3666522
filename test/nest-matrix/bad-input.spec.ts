import 'reflect-metadata';
import type { Server } from 'node:http';
import { Controller, Get, Injectable, Logger, UseGuards, UseInterceptors } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  Attempt,
  buildChain,
  CircuitBreaker,
  Endpoint,
  type EndpointRef,
  Fallback,
  LimitRoute,
  Protect,
  RateLimit,
  RateLimitGuard,
  ReliabilityExceptionFilter,
  ReliabilityInterceptor,
  ReliabilityManager,
  ReliabilityModule,
  Retry,
  type RouteLimit,
  Signal,
  Unprotected,
} from '@marketprism/reliability';
import { ManualClock } from '@marketprism/reliability/testing';
import request from 'supertest';

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
    ['handlers.maxDeadlineMs: must be more than 0; got -1', { handlers: { maxDeadlineMs: -1 } }],
    [
      'handlers.policy: no policy is configured under the name "nope"; none are configured',
      { handlers: { policy: 'nope' } },
    ],
    ['routeLimit.limit: must be more than 0', { routeLimit: { limit: -1 } }],
    ['routeLimit.lmit: is not an option; got 1', { routeLimit: { lmit: 1 } }],
    ["customPolicies: must be a list; got 'x'", { customPolicies: 'x' }],
    ['capabilities: must be an object; got null', { capabilities: null }],
    ['capabilities.clok: is not an option; got {}', { capabilities: { clok: {} } }],
    [
      'capabilities.clock: must be an object with now, wallNow, schedule; got undefined',
      { capabilities: { clock: undefined } },
    ],
    [
      'capabilities.clock.schedule: must be a function; got undefined',
      { capabilities: { clock: { now() {}, wallNow() {} } } },
    ],
    ['capabilities.random.next: must be a function; got 4', { capabilities: { random: { next: 4 } } }],
    [
      'capabilities.emit.onAny: must be a function; got undefined',
      { capabilities: { emit: { emit() {}, on() {}, wants() {} } } },
    ],
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
    ['@LimitRoute on Api.get.limit: must be more than 0', { limit: -1 }],
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

describe('a parameter that nothing fills in', () => {
  it('is warned of at the start, with class, method and place', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    class Base {
      inherited(@Signal() _signal?: AbortSignal) {}

      protectedByHeir(@Signal() _signal?: AbortSignal) {}
    }
    @Injectable()
    class Rates extends Base {
      fetch(_symbol: string, @Endpoint() _host?: EndpointRef, @Attempt() _attempt?: number) {}

      @Protect('okx')
      async protected(@Signal() _signal?: AbortSignal) {}
    }
    @Protect('okx')
    @Injectable()
    class Books extends Base {
      async own(@Signal() _signal?: AbortSignal) {}

      @Unprotected()
      async exempt(@Signal() _signal?: AbortSignal) {}

      @Unprotected()
      override inherited() {}
    }
    await startsWith({ policies: { okx: { circuitBreaker: {} } } }, { providers: [Rates, Books] })();
    const rest =
      'is never filled in, since no policy protects the method: give it @Protect() or the decorator of a policy';
    expect(warn.mock.calls.map(([line]) => line as unknown)).toEqual([
      `Rates.fetch: @Endpoint() at parameter 2 ${rest}`,
      `Rates.fetch: @Attempt() at parameter 3 ${rest}`,
      `Base.inherited: @Signal() at parameter 1 ${rest}`,
      `Base.protectedByHeir: @Signal() at parameter 1 ${rest}`,
      `Books.exempt: @Signal() at parameter 1 ${rest}`,
    ]);
    warn.mockRestore();
  });
});

it('a chain stops with capabilities that are not whole', () => {
  const clock = new ManualClock();
  expect(() => buildChain({}, any({ clock, random: {} }))).toThrow(
    'Invalid reliability options:\n' +
      '  - capabilities.random.next: must be a function; got undefined\n' +
      '  - capabilities.emit: must be an object with emit, on, onAny, wants; got undefined',
  );
});

describe('work that is no function', () => {
  const refused = {
    code: 'INVALID_USE',
    refused: true,
    message: 'okx: work for policy "okx": must be a function; got undefined',
  };

  it('is refused by the manager', async () => {
    const module = await Test.createTestingModule({
      imports: [ReliabilityModule.forRoot({ policies: { okx: { circuitBreaker: {} } } })],
    }).compile();
    const manager = module.get(ReliabilityManager);
    await expect(manager.executeWithProtection('okx', any(undefined))).rejects.toMatchObject(refused);
    expect(() => manager.tryExecuteWithProtection('okx', any(undefined))).toThrow(refused.message);
  });

  it('is refused by a chain', async () => {
    const chain = buildChain({ name: 'okx', circuitBreaker: {} });
    await expect(chain.execute(any(undefined))).rejects.toMatchObject(refused);
    expect(chain.inspect()).toMatchObject([{ state: 'closed' }]);
  });
});

describe('the limit of a route whose function cannot tell', () => {
  const never = (): never => {
    throw new Error('no tenant');
  };

  it.each<[string, RouteLimit]>([
    ['skip for policy "route limit": the function threw', { skip: never }],
    ['skip for policy "route limit": must give true or false; got Promise', { skip: any(async () => true) }],
    ['skip for policy "route limit": must give true or false; got Promise', { skip: any(async () => never()) }],
    ['cost for policy "route limit": the function threw', { cost: never }],
    ['cost for policy "route limit": must give a positive number; got NaN', { cost: () => Number.NaN }],
    ['cost for policy "route limit": must give a positive number; got 0', { cost: () => 0 }],
    ['key for policy "route limit": the function threw', { key: never }],
  ])('refuses the request with 500, and the log says why: %s', async (problem, limit) => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    @Controller()
    class Api {
      @Get()
      @UseGuards(RateLimitGuard)
      @LimitRoute(limit)
      get() {
        return 'served';
      }
    }
    const module = await Test.createTestingModule({
      imports: [ReliabilityModule.forRoot({})],
      controllers: [Api],
      providers: [{ provide: APP_FILTER, useClass: ReliabilityExceptionFilter }],
    }).compile();
    const app = module.createNestApplication();
    await app.init();
    const server = app.getHttpServer() as Server;
    await request(server).get('/').expect(500, { statusCode: 500, message: 'Internal Server Error', code: 'INTERNAL' });
    expect(error.mock.calls.map(([line]) => line as unknown)).toEqual([expect.stringContaining(`Api.get: ${problem}`)]);
    await app.close();
    error.mockRestore();
  });
});
