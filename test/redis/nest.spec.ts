import 'reflect-metadata';
import { Controller, Get, type INestApplication, Injectable, UseGuards } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  LimitRoute,
  RateLimit,
  RateLimitGuard,
  ReliabilityExceptionFilter,
  ReliabilityManager,
  ReliabilityModule,
  systemCapabilities,
} from '@marketprism/reliability';
import { redisConnection, sharedRateLimiterPolicy, SharedStore } from '@marketprism/reliability/redis';
import request from 'supertest';
import { describeWithEngines, type Engine } from '../engines/engine.js';
import { redisServer } from '../engines/redis.js';
import { connect, type TestClient } from './clients.js';

@Injectable()
class Rates {
  @RateLimit('okx', { key: (venue: string) => venue })
  async fetch(venue: string) {
    return venue;
  }

  @RateLimit({ limit: 1, windowMs: 60_000, mode: 'reject', decide: 'strict' })
  async once() {
    return 'once';
  }
}

@Controller()
class RatesController {
  @UseGuards(RateLimitGuard)
  @LimitRoute({ policy: 'inbound', key: 'none' })
  @Get('rates')
  rates() {
    return 'rates';
  }
}

describeWithEngines(['redis-server'], 'a shared limit in Nest', () => {
  let server: Engine;
  const opened: { app: INestApplication; client: TestClient }[] = [];

  beforeEach(async () => {
    server = await (await redisServer()).start();
  });
  afterEach(async () => {
    for (const { app, client } of opened.splice(0)) {
      await app.close();
      client.close();
    }
    await server.kill();
  });

  /** One instance of the same service, with a client of its own. */
  async function instance(): Promise<INestApplication> {
    const client = await connect('node-redis', server.port);
    const store = new SharedStore(redisConnection(client.client), systemCapabilities(), { commandMs: 2_000 });
    const module = await Test.createTestingModule({
      imports: [
        ReliabilityModule.forRoot({
          customPolicies: [sharedRateLimiterPolicy(store)],
          policies: {
            okx: { rateLimit: { limit: 3, windowMs: 60_000, mode: 'reject', decide: 'strict' } },
            inbound: { rateLimit: { algorithm: 'fixed-window', limit: 4, windowMs: 3_600_000, decide: 'strict' } },
          },
        }),
      ],
      controllers: [RatesController],
      providers: [Rates, { provide: APP_FILTER, useClass: ReliabilityExceptionFilter }],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.init();
    opened.push({ app, client });
    return app;
  }

  it('is kept by the decorator, by configured name and by options of its own', async () => {
    const [one, other] = [await instance(), await instance()];
    const [here, there] = [one.get(Rates), other.get(Rates)];
    await here.fetch('a');
    await there.fetch('a');
    await here.fetch('a');
    await expect(there.fetch('a')).rejects.toMatchObject({ code: 'RATE_LIMITED', reason: 'limit', key: 'a' });
    await expect(there.fetch('b')).resolves.toBe('b');
    await here.once();
    await expect(there.once()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const shown = one
      .get(ReliabilityManager)
      .inspect()
      .find(({ name }) => name === 'okx');
    expect(shown).toMatchObject({ type: 'rate-limiter', decide: 'strict', storeAvailable: true });
  });

  it('is kept by the guard, which tells callers where they stand and never lets them wait for permits', async () => {
    const [one, other] = [await instance(), await instance()];
    const get = (app: INestApplication) => request(app.getHttpServer() as Parameters<typeof request>[0]).get('/rates');
    for (const app of [one, other, one]) await get(app).expect(200);
    const last = await get(other).expect(200);
    expect(last.headers['ratelimit-policy']).toBe('"inbound";q=4;w=3600');
    expect(last.headers['ratelimit']).toMatch(/^"inbound";r=0;t=\d+$/);
    for (const app of [one, other]) {
      const refused = await get(app).expect(429);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    }
  });
});
