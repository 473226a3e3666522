import 'reflect-metadata';
import { Controller, Get, Injectable, mixin, UseGuards } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  CircuitBreaker,
  InvalidOptionsError,
  LimitRoute,
  RateLimit,
  RateLimitGuard,
  ReliabilityExceptionFilter,
  ReliabilityModule,
  ReliabilityRuntime,
  Retry,
} from '@marketprism/reliability';
import request from 'supertest';

const limited = (limit: number) => {
  @Injectable()
  class Rates {
    @RateLimit({ limit, windowMs: 60_000, mode: 'reject' })
    async fetch() {
      return limit;
    }
  }
  return Rates;
};

const start = async (...providers: (new () => unknown)[]) => {
  const module = await Test.createTestingModule({ imports: [ReliabilityModule.forRoot({})], providers }).compile();
  return module.init();
};

// Policies of a decorator's own were known by `Class.method` alone. A second class of the same name, and every further
// class made by a mixin, silently got the options and the state of the first.
describe('classes of the same name', () => {
  it('have policies of their own', async () => {
    const [Narrow, Wide] = [limited(1), limited(3)];
    const module = await start(Narrow, Wide);
    const [narrow, wide] = [module.get(Narrow), module.get(Wide)];
    expect(await narrow.fetch()).toBe(1);
    await expect(narrow.fetch()).rejects.toMatchObject({ code: 'RATE_LIMITED', policy: 'Rates.fetch' });
    expect([await wide.fetch(), await wide.fetch(), await wide.fetch()]).toEqual([3, 3, 3]);
    await expect(wide.fetch()).rejects.toMatchObject({ code: 'RATE_LIMITED', policy: 'Rates#2.fetch' });
    await module.close();
  });

  it('made by a mixin have policies of their own', async () => {
    const [Narrow, Wide] = [mixin(limited(1)), mixin(limited(2))];
    const module = await start(Narrow, Wide);
    await module.get(Narrow).fetch();
    await module.get(Wide).fetch();
    expect(await module.get(Wide).fetch()).toBe(2);
    await module.close();
  });

  it('have route limits of their own', async () => {
    const versions = [1, 3].map((limit) => {
      @Controller(`v${limit}`)
      class Users {
        @Get()
        @UseGuards(RateLimitGuard)
        @LimitRoute({ limit, windowMs: 60_000 })
        list() {
          return [];
        }
      }
      return Users;
    });
    const module = await Test.createTestingModule({
      imports: [ReliabilityModule.forRoot({})],
      controllers: versions,
    }).compile();
    const app = module.createNestApplication();
    app.useGlobalFilters(new ReliabilityExceptionFilter(app.get(HttpAdapterHost)));
    await app.init();
    const statuses: number[] = [];
    for (const path of ['/v1', '/v1', '/v3', '/v3', '/v3']) {
      statuses.push((await request(app.getHttpServer()).get(path)).status);
    }
    expect(statuses).toEqual([200, 429, 200, 200, 200]);
    await app.close();
  });
});

// The second of two limiters on one method had no name of its own: it was the first once more, taking two permits.
describe('the same decorator twice on a method', () => {
  it('is refused when both would be the same policy', () => {
    const define = () => {
      class Rates {
        @RateLimit({ limit: 10, windowMs: 1_000 })
        @RateLimit({ limit: 100, windowMs: 60_000 })
        async fetch() {}
      }
      return Rates;
    };
    expect(define).toThrow(InvalidOptionsError);
    expect(define).toThrow(
      '@RateLimit on Rates.fetch: stands there twice: say it once, or give each a configured name',
    );
  });

  it('is two policies under two names', async () => {
    class Rates {
      @RateLimit('second')
      @RateLimit('day')
      async fetch() {}
    }
    const module = await Test.createTestingModule({
      imports: [
        ReliabilityModule.forRoot({
          policies: { second: { rateLimit: { limit: 5 } }, day: { rateLimit: { limit: 9, windowMs: 86_400_000 } } },
        }),
      ],
      providers: [Rates],
    }).compile();
    await module.init();
    const names = module
      .get(ReliabilityRuntime)
      .explain(Rates, 'fetch')
      .map(({ name }) => name);
    expect(names.sort()).toEqual(['day', 'second']);
    await module.close();
  });
});

// A decorator on a class laid its policy around inherited methods that have one of that kind already: two limiters took
// two permits for one call, two breakers counted one failure twice.
describe('a decorator on a class', () => {
  it('leaves out what a base says of an inherited method', async () => {
    class Base {
      @CircuitBreaker({ consecutiveFailures: 3 })
      async fetch() {
        return 'rate';
      }

      async list() {
        return [];
      }
    }
    @CircuitBreaker()
    @Retry({ attempts: 2 })
    class Rates extends Base {}
    const module = await start(Rates);
    const runtime = module.get(ReliabilityRuntime);
    const typesOf = (method: string) => runtime.explain(Rates, method).map(({ type, name }) => `${type} ${name}`);
    expect(typesOf('fetch')).toEqual(['retry Rates.fetch']);
    expect(typesOf('list')).toEqual(['retry Rates.list', 'circuit-breaker Rates.list']);
    expect(await module.get(Rates).fetch()).toBe('rate');
    await module.close();
  });
});
