import 'reflect-metadata';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  type Capabilities,
  ReliabilityManager,
  ReliabilityModule,
  type ReliabilityModuleOptions,
} from '@marketprism/reliability';
import type { DashboardOptions } from '@marketprism/reliability/dashboard';

/** A dependency with everything a page can show. */
export const everything = (hosts: number) => ({
  retry: { attempts: 3, backoff: { kind: 'fixed' as const, delayMs: 1 } },
  circuitBreaker: { consecutiveFailures: 3, openForMs: 600_000, windowMs: 600_000 },
  rateLimit: { limit: 500, windowMs: 1_000, burst: 500 },
  bulkhead: { maxConcurrent: 20 },
  balancer: {
    endpoints: Array.from({ length: hosts }, (_, index) => ({
      id: `host-${index + 1}`,
      url: `http://10.0.0.${index + 1}`,
    })),
  },
  timeLimit: { limitMs: 1_000 },
});

export interface Scene {
  readonly app: INestApplication;
  readonly manager: ReliabilityManager;
  readonly url: string;
}

export interface SceneOptions {
  readonly policies: ReliabilityModuleOptions['policies'];
  readonly dashboard?: Partial<DashboardOptions>;
  readonly capabilities?: Partial<Capabilities>;
  readonly framework?: 'express' | 'fastify';
  readonly alerts?: ReliabilityModuleOptions['alerts'];
  readonly extra?: ModuleMetadata;
}

/** A real application on a loopback port. */
export async function startScene({
  policies,
  dashboard,
  capabilities,
  framework,
  alerts,
  extra = {},
}: SceneOptions): Promise<Scene> {
  class Root {}
  const module = {
    module: Root,
    ...extra,
    imports: [
      ReliabilityModule.forRoot({ policies, capabilities, alerts, dashboard: { path: 'reliability', ...dashboard } }),
      ...(extra.imports ?? []),
    ],
  };
  const app =
    framework === 'fastify'
      ? await NestFactory.create(module, new FastifyAdapter(), { logger: false, abortOnError: false })
      : await NestFactory.create(module, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  return { app, manager: app.get(ReliabilityManager), url: `http://127.0.0.1:${port}/reliability` };
}

/** Calls that fail until the circuit of the name is open. */
export async function breakDown(manager: ReliabilityManager, name: string): Promise<void> {
  for (let call = 0; call < 3; call += 1) {
    await manager
      .executeWithProtection(name, () => Promise.reject(new Error('connection refused')))
      .catch(() => undefined);
  }
}
