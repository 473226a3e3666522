import 'reflect-metadata';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Controller,
  Get,
  Header,
  HttpCode,
  type INestApplication,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import {
  CircuitBreaker,
  deadlineHeaders,
  LimitRoute,
  Protect,
  RateLimit,
  RateLimitGuard,
  ReliabilityExceptionFilter,
  ReliabilityInterceptor,
  ReliabilityModule,
  remainingMs,
  Signal,
  SkipRateLimit,
  TimeLimit,
} from '@marketprism/reliability';
import { of } from 'rxjs';
import request from 'supertest';
import { Tallied, tallied, tallyOf } from './tally.js';

@Injectable()
class Rates {
  signals: AbortSignal[] = [];

  @Tallied('bybit')
  async slow(@Signal() signal?: AbortSignal) {
    this.signals.push(signal!);
    await new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error)));
  }

  @Protect('dependency')
  async down(): Promise<string> {
    throw Object.assign(new Error('unavailable'), { status: 503 });
  }

  @Tallied('bybit')
  async left() {
    return { leftMs: remainingMs(), headers: deadlineHeaders() };
  }
}

@Controller()
class RatesController {
  constructor(private readonly rates: Rates) {}

  @Tallied('okx')
  @Get('below')
  @Header('x-rates', 'yes')
  async below() {
    return 'below';
  }

  @HttpCode(202)
  @Post('above/:id')
  @Tallied('okx')
  async above(@Param('id', ParseIntPipe) id: number) {
    return { id };
  }

  @Get('plain')
  plain() {
    return of('plain');
  }

  @Get('both')
  @UseInterceptors(ReliabilityInterceptor.for('okx'))
  @Tallied('okx')
  async both() {
    return 'both';
  }

  @Get('intercepted/:id')
  @UseInterceptors(ReliabilityInterceptor.for('okx'))
  async intercepted(@Param('id', ParseIntPipe) id: number) {
    return id;
  }

  @Get('slow')
  async slow() {
    await this.rates.slow();
  }

  @Get('left')
  async left() {
    return this.rates.left();
  }

  @Get('open')
  async open() {
    return this.rates.down();
  }

  @Get('late')
  @TimeLimit({ limitMs: 10 })
  async late() {
    await new Promise((resolve) => setTimeout(resolve, 30));
  }

  @Get('own-quota')
  @RateLimit({ limit: 1, windowMs: 60_000, mode: 'reject' })
  async ownQuota() {
    return 'ok';
  }

  @Get('guarded')
  @UseGuards(RateLimitGuard)
  @LimitRoute({ limit: 2, windowMs: 60_000 })
  guarded() {
    return 'guarded';
  }

  @Get('skipped')
  @UseGuards(RateLimitGuard)
  @SkipRateLimit()
  skipped() {
    return 'skipped';
  }

  @Get('behind-proxy')
  @UseGuards(RateLimitGuard)
  @LimitRoute({ limit: 1, windowMs: 60_000, proxies: 1, ipv6Prefix: 48 })
  behindProxy() {
    return 'ok';
  }
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  @Get()
  @Tallied('okx')
  async get() {
    return 'scoped';
  }
}

@Controller('guard')
@CircuitBreaker()
class ClassController {
  @Get()
  get() {
    return 'of a class';
  }
}

const adapters = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;

describe.each(adapters)('controllers on %s', (_, adapter) => {
  let app: INestApplication;
  let server: ReturnType<INestApplication['getHttpServer']>;

  beforeEach(async () => {
    const module = await Test.createTestingModule({
      imports: [
        ReliabilityModule.forRoot({
          ...tallied,
          policies: {
            ...tallied.policies,
            dependency: { circuitBreaker: { consecutiveFailures: 1, openForMs: 2_500, openForJitter: 0 } },
          },
        }),
      ],
      controllers: [RatesController, ScopedController, ClassController],
      providers: [
        Rates,
        { provide: APP_FILTER, useClass: ReliabilityExceptionFilter },
        { provide: APP_INTERCEPTOR, useClass: ReliabilityInterceptor },
      ],
    }).compile();
    app = module.createNestApplication(adapter() as never, { logger: false });
    await app.listen(0, '127.0.0.1');
    server = app.getHttpServer();
  });

  afterEach(async () => app.close());

  it('keep their routes, headers, codes and pipes, whichever decorator is above', async () => {
    const below = await request(server).get('/below');
    expect([below.status, below.text, below.headers['x-rates']]).toEqual([200, 'below', 'yes']);
    const above = await request(server).post('/above/5');
    expect([above.status, above.body]).toEqual([202, { id: 5 }]);
    expect((await request(server).post('/above/five')).status).toBe(400);
    expect((await request(server).get('/scoped')).text).toBe('scoped');
    expect((await request(server).get('/guard')).text).toBe('of a class');
    expect(tallyOf(app)).toMatchObject({ admitted: 3, ended: 3 });
  });

  it('decorated and intercepted run their chain once, intercepted alone too', async () => {
    expect((await request(server).get('/both')).text).toBe('both');
    expect(tallyOf(app).admitted).toBe(1);
    expect((await request(server).get('/intercepted/7')).text).toBe('7');
    expect(tallyOf(app).admitted).toBe(2);
    expect((await request(server).get('/intercepted/seven')).status).toBe(400);
    expect(tallyOf(app).outcomes).toEqual(['success', 'success', 'failure']);
  });

  it('abort what is done for a client that hangs up', async () => {
    const { port } = server.address() as AddressInfo;
    const client = httpRequest({ host: '127.0.0.1', port, path: '/slow' });
    client.on('error', () => undefined);
    client.end();
    const rates = app.get(Rates);
    while (rates.signals.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    client.destroy();
    while (tallyOf(app, 'bybit').ended === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(rates.signals[0]!.reason).toMatchObject({ name: 'ClientDisconnectedError' });
    expect(tallyOf(app, 'bybit').outcomes).toEqual(['ignored']);
  });

  it('hand the deadline of the request down, and to further services', async () => {
    const { body } = await request(server).get('/left').set('x-deadline-ms', '5000');
    expect(body.leftMs).toBeGreaterThan(3_000);
    expect(body.leftMs).toBeLessThanOrEqual(5_000);
    expect(body.headers).toEqual({ 'x-deadline-ms': expect.stringMatching(/^[34]\d{3}$/) });
    expect((await request(server).get('/left')).body).toEqual({ headers: {} });
    const late = await request(server).get('/left').set('x-deadline-ms', '0');
    expect([late.status, late.body.code]).toEqual([504, 'DEADLINE_EXCEEDED']);
  });

  it('answer an open circuit with 503, a time limit with 504, without naming policies', async () => {
    await request(server).get('/open');
    const open = await request(server).get('/open');
    expect([open.status, open.headers['retry-after']]).toEqual([503, '3']);
    expect(open.body).toEqual({
      statusCode: 503,
      message: 'Service Unavailable',
      code: 'CIRCUIT_OPEN',
      retryAfterMs: expect.any(Number),
    });
    const late = await request(server).get('/late');
    expect([late.status, late.body]).toEqual([
      504,
      { statusCode: 504, message: 'Gateway Timeout', code: 'CALL_TIMEOUT' },
    ]);
  });

  it('tell clients where they stand, and answer a used-up quota with 429', async () => {
    const first = await request(server).get('/own-quota');
    expect([first.status, first.headers['ratelimit-policy']]).toEqual([200, '"RatesController.ownQuota";q=1;w=60']);
    expect(first.headers['ratelimit']).toMatch(/^"RatesController\.ownQuota";r=0;t=\d+$/);
    const second = await request(server).get('/own-quota');
    expect([second.status, second.body.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(second.headers['retry-after'])).toBeGreaterThan(50);
  });

  it('are guarded by client, with exceptions by route', async () => {
    const first = await request(server).get('/guarded');
    expect([first.status, first.headers['ratelimit-policy']]).toEqual([
      200,
      '"route RatesController.guarded";q=2;w=60',
    ]);
    await request(server).get('/guarded');
    const third = await request(server).get('/guarded');
    expect([third.status, third.body.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(20);
    expect((await request(server).get('/skipped')).headers['ratelimit']).toBeUndefined();
  });

  it('tell clients behind a proxy apart by what the proxy saw, IPv6 clients by prefix', async () => {
    const from = (forwarded: string) => request(server).get('/behind-proxy').set('x-forwarded-for', forwarded);
    expect((await from('203.0.113.1')).status).toBe(200);
    expect((await from('198.51.100.7, 203.0.113.1')).status).toBe(429);
    expect((await from('203.0.113.2')).status).toBe(200);
    expect((await from('2001:db8:1:1::1')).status).toBe(200);
    expect((await from('2001:db8:1:2::9')).status).toBe(429);
    expect((await from('2001:db8:2:1::1')).status).toBe(200);
  });

  it('are described by Swagger as without decorators', () => {
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/below', '/above/{id}', '/scoped', '/guard']));
    expect(document.paths['/above/{id}']!.post).toMatchObject({
      operationId: 'RatesController_above',
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'number' } }],
      responses: { 202: { description: '' } },
    });
  });
});
