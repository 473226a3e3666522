import 'reflect-metadata';
import { Controller, Get, Injectable } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  ReliabilityExceptionFilter,
  ReliabilityInterceptor,
  ReliabilityModule,
  Retry,
  retryHeaders,
} from '@marketprism/reliability';
import request from 'supertest';

const runs = { count: 0 };

@Injectable()
class Rates {
  @Retry({ attempts: 3, backoff: { kind: 'fixed', delayMs: 1, jitter: 'none' }, onExhausted: 'wrap' })
  async fetch() {
    runs.count += 1;
    throw Object.assign(new Error('unavailable'), { status: 503 });
  }
}

@Controller()
class Api {
  constructor(private readonly rates: Rates) {}

  @Get()
  get() {
    return this.rates.fetch();
  }
}

// The pages said how layers of a call graph agree on who repeats. The functions for it were not exported, and neither
// interceptor nor filter knew them.
describe('a request of a caller who repeats it', () => {
  it('is served without repetitions; one of another is told not to be repeated', async () => {
    const module = await Test.createTestingModule({
      imports: [ReliabilityModule.forRoot({})],
      controllers: [Api],
      providers: [
        Rates,
        { provide: APP_INTERCEPTOR, useClass: ReliabilityInterceptor },
        { provide: APP_FILTER, useClass: ReliabilityExceptionFilter },
      ],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.init();
    runs.count = 0;
    await request(app.getHttpServer())
      .get('/')
      .set(retryHeaders({ attempt: 2 }));
    expect(runs.count).toBe(1);
    runs.count = 0;
    const answer = await request(app.getHttpServer()).get('/');
    expect(runs.count).toBe(3);
    expect([answer.status, answer.headers['x-should-retry']]).toEqual([503, 'false']);
    await app.close();
  });
});
