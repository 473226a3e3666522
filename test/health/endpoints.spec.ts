import 'reflect-metadata';
import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { type HealthMountOptions, ReliabilityManager, ReliabilityModule } from '@marketprism/reliability';
import { ReliabilityHealthIndicator, ReliabilityTerminusModule } from '@marketprism/reliability/terminus';

jest.setTimeout(60_000);

/** The same questions, answered by Terminus. */
@Controller('terminus')
class ByTerminus {
  constructor(
    private readonly health: HealthCheckService,
    private readonly reliability: ReliabilityHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  whole() {
    return this.health.check([() => this.reliability.check('reliability', { critical: ['okx'] })]);
  }

  @Get('okx')
  @HealthCheck()
  okx() {
    return this.health.check([
      () => this.reliability.checkDependency('okx', { critical: ['okx'] }),
      () => this.reliability.checkPolicy('circuit-breaker', 'okx', { critical: ['okx'] }),
    ]);
  }
}

const policies = {
  okx: { circuitBreaker: { consecutiveFailures: 1, openForMs: 600_000 } },
  bybit: { circuitBreaker: { consecutiveFailures: 1, openForMs: 600_000 } },
};

describe.each(['express', 'fastify'] as const)('health endpoints on %s', (framework) => {
  let app: INestApplication;
  const start = async (health: Partial<HealthMountOptions> = {}) => {
    @Module({
      imports: [
        ReliabilityModule.forRoot({ policies, health: { path: 'health', critical: ['okx'], ...health } }),
        ReliabilityTerminusModule,
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: [ByTerminus],
    })
    class Root {}
    app =
      framework === 'express'
        ? await NestFactory.create(Root, { logger: false, abortOnError: false })
        : await NestFactory.create(Root, new FastifyAdapter(), { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
  };
  const get = async (path: string) => {
    const { port } = app.getHttpServer().address() as { port: number };
    const answer = await fetch(`http://127.0.0.1:${port}/${path}`);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const breakDown = (name: string) =>
    app
      .get(ReliabilityManager)
      .executeWithProtection(name, () => Promise.reject(new Error('down')))
      .catch(() => undefined);
  const well = async () => {
    for (const name of Object.keys(policies)) await app.get(ReliabilityManager).executeWithProtection(name, () => 1);
  };

  afterEach(() => app.close());

  it('are all well while everything is', async () => {
    await start();
    await well();
    expect(await get('health')).toEqual({
      status: 200,
      body: {
        status: 'ok',
        info: { reliability: { status: 'up', score: 100, dependencies: 2, impaired: {} } },
        error: {},
        details: { reliability: { status: 'up', score: 100, dependencies: 2, impaired: {} } },
      },
    });
    for (const path of ['health/live', 'health/ready', 'health/startup', 'health/dependencies/okx']) {
      expect(await get(path)).toMatchObject({ status: 200, body: { status: 'ok' } });
    }
    expect(await get('health/dependencies/nobody')).toMatchObject({ status: 404 });
  });

  it('degrade for an open circuit, and stay ready and alive', async () => {
    await start();
    await well();
    await breakDown('bybit');
    const impaired = { bybit: { status: 'degraded', score: 0, reasons: ['circuit is open'] } };
    for (const path of ['health', 'health/ready']) {
      expect(await get(path)).toMatchObject({
        status: 200,
        body: { status: 'degraded', details: { reliability: { status: 'degraded', score: 50, impaired } } },
      });
    }
    expect(await get('health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get('health/startup')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  it('are not ready when the circuit is a critical one, and alive all the same', async () => {
    await start();
    await breakDown('okx');
    for (const path of ['health', 'health/ready']) {
      expect(await get(path)).toMatchObject({
        status: 503,
        body: { status: 'error', error: { reliability: { status: 'down' } } },
      });
    }
    expect(await get('health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get('health/dependencies/okx')).toMatchObject({
      status: 503,
      body: { error: { okx: { status: 'down' }, 'okx circuit-breaker': { status: 'down' } } },
    });
  });

  it('give the same JSON as Terminus', async () => {
    await start();
    await well();
    for (const broken of [undefined, 'bybit', 'okx']) {
      if (broken !== undefined) await breakDown(broken);
      expect(await get('health')).toEqual(await get('terminus'));
      expect(await get('health/dependencies/okx')).toEqual(await get('terminus/okx'));
    }
  });

  it('are under a path of one’s own, with a threshold of one’s own', async () => {
    await start({ path: '/internal/health', critical: [], degradedBelow: 0 });
    await breakDown('okx');
    expect(await get('internal/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get('health')).toMatchObject({ status: 404 });
  });
});

describe('health endpoints while the application comes and goes', () => {
  it('are not ready before it has started, nor once it shuts down', async () => {
    const { HealthReader, httpStatusOf } = await import('@marketprism/reliability/health');
    @Module({ imports: [ReliabilityModule.forRoot({ policies, health: { path: 'health' } })] })
    class Root {}
    const app = await NestFactory.create(Root, { logger: false, abortOnError: false });
    const reader = app.get(HealthReader, { strict: false });
    const statuses = () => [reader.startup(), reader.ready(), reader.live()].map(httpStatusOf);
    expect(statuses()).toEqual([503, 503, 200]);
    await app.init();
    expect(statuses()).toEqual([200, 200, 200]);
    await app.close();
    expect(statuses()).toEqual([200, 503, 200]);
    expect(reader.ready().status).toBe('shutting_down');
  });

  it.each([
    [{ path: '' }, 'health.path: must be a path'],
    [{ path: '../up' }, 'health.path: must be a path'],
    [{ path: 'health', degradedBelow: 101 }, 'health.degradedBelow: must be at most 100'],
    [{ path: 'health', criticals: [] }, 'health.criticals: is not an option'],
  ])('do not start with %j', async (health, problem) => {
    @Module({ imports: [ReliabilityModule.forRoot({ policies, health })] })
    class Root {}
    await expect(NestFactory.create(Root, { logger: false, abortOnError: false })).rejects.toThrow(problem);
  });
});
