import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ReliabilityManager, ReliabilityModule } from '@marketprism/reliability';

jest.setTimeout(60_000);

const policies = { okx: { retry: {} } };
const rootOf = (options: Parameters<typeof ReliabilityModule.forRoot>[0]) => {
  @Module({ imports: [ReliabilityModule.forRoot(options)] })
  class Root {}
  return NestFactory.create(Root, { logger: false, abortOnError: false });
};

describe('what forRoot mounts', () => {
  it('is nothing unless asked for', async () => {
    const app = await rootOf({ policies });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    for (const path of ['health', 'metrics', 'reliability']) {
      expect((await fetch(`${url}/${path}`)).status).toBe(404);
    }
    await app.close();
  });

  it('is metrics of the policies, and of Node unless told otherwise', async () => {
    const app = await rootOf({ policies, metrics: { path: 'internal/metrics', defaultMetrics: false } });
    await app.listen(0, '127.0.0.1');
    await app.get(ReliabilityManager).executeWithProtection('okx', () => 1);
    const text = await (await fetch(`${await app.getUrl()}/internal/metrics`)).text();
    expect(text).toMatch(/^reliability_\w+\{.*policy="okx"/m);
    expect(text).not.toContain('process_cpu');
    await app.close();
  });

  it('needs the module to be global', () => {
    expect(() => ReliabilityModule.forRoot({ policies, isGlobal: false, health: { path: 'health' } })).toThrow(
      'isGlobal: must not be false with health; got false',
    );
  });

  it('has to stand beside the factory of forRootAsync, not in what it gives', async () => {
    @Module({
      imports: [
        ReliabilityModule.forRootAsync({ useFactory: () => ({ policies, dashboard: { path: 'page' } }) as never }),
      ],
    })
    class Wrong {}
    await expect(NestFactory.create(Wrong, { logger: false, abortOnError: false })).rejects.toThrow(
      'dashboard: stands beside useFactory, not in what it gives',
    );

    @Module({
      imports: [ReliabilityModule.forRootAsync({ useFactory: () => ({ policies }), health: { path: 'health' } })],
    })
    class Right {}
    const app = await NestFactory.create(Right, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    expect((await fetch(`${await app.getUrl()}/health/live`)).status).toBe(200);
    await app.close();
  });
});
