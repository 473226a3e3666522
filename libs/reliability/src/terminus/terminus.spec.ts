import 'reflect-metadata';
import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { ReliabilityModule } from '../nest/reliability.module.js';
import { ReliabilityHealthIndicator } from './reliability-health-indicator.js';
import { ReliabilityTerminusModule } from './reliability-terminus.module.js';

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly reliability: ReliabilityHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  whole() {
    return this.health.check([() => this.reliability.check()]);
  }

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.reliability.check('reliability', { critical: ['okx'] })]);
  }

  @Get('okx')
  @HealthCheck()
  okx() {
    return this.health.check([() => this.reliability.checkDependency('okx')]);
  }
}

const start = async () => {
  const policies = {
    okx: { circuitBreaker: { consecutiveFailures: 1 } },
    bybit: { balancer: { endpoints: [{ id: 'a' }, { id: 'b' }] } },
  };
  const module = await Test.createTestingModule({
    imports: [
      ReliabilityModule.forRoot({ policies }),
      ReliabilityTerminusModule,
      TerminusModule.forRoot({ logger: false }),
    ],
    controllers: [HealthController],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.init();
  const manager = app.get(ReliabilityManager);
  await manager.executeWithProtection('okx', () => 1);
  await manager.executeWithProtection('bybit', () => 1);
  return { app, manager, get: (path: string) => request(app.getHttpServer()).get(path) };
};

describe('ReliabilityHealthIndicator', () => {
  it('is up while everything is', async () => {
    const { app, get } = await start();
    const { body } = await get('/health').expect(200);
    expect(body).toMatchObject({
      status: 'ok',
      details: { reliability: { status: 'up', score: 100, dependencies: 2, impaired: {} } },
    });
    await app.close();
  });

  it('degrades, still answering 200, when a circuit opens, and says why', async () => {
    const { app, get, manager } = await start();
    await manager.executeWithProtection('okx', () => Promise.reject(new Error('down'))).catch(() => undefined);
    const { body } = await get('/health').expect(200);
    expect(body).toMatchObject({
      status: 'degraded',
      details: {
        reliability: {
          impaired: { okx: { status: 'degraded', score: 0, reasons: ['circuit is open'] } },
        },
      },
    });
    await get('/health/okx').expect(200);
    await app.close();
  });

  it('fails readiness when the circuit is that of a critical dependency', async () => {
    const { app, get, manager } = await start();
    await get('/health/ready').expect(200);
    await manager.executeWithProtection('okx', () => Promise.reject(new Error('down'))).catch(() => undefined);
    const { body } = await get('/health/ready').expect(503);
    expect(body).toMatchObject({ status: 'error', error: { reliability: { status: 'down' } } });
    await app.close();
  });
});
