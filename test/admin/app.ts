import 'reflect-metadata';
import type { INestApplication, Type } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { CircuitBreaker, RateLimit, ReliabilityModule, type ReliabilityModuleOptions } from '@marketprism/reliability';
import type { AdminOptions } from '@marketprism/reliability/admin';

export const TOKEN = 'a-token-of-32-characters-in-a-test';

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

@Injectable()
export class Rates {
  @CircuitBreaker('okx')
  @RateLimit('okx')
  async fetch(): Promise<string> {
    return 'rate';
  }
}

/** An application with the admin API, listening on loopback. */
export async function started(
  platform: Platform,
  admin: Partial<AdminOptions>,
  options: ReliabilityModuleOptions = {},
  providers: Type[] = [],
): Promise<INestApplication> {
  const module = await Test.createTestingModule({
    imports: [
      ReliabilityModule.forRoot({
        policies: {
          okx: {
            circuitBreaker: {},
            rateLimit: { limit: 100 },
            balancer: {
              endpoints: [
                { id: 'a', url: 'https://user:pa55word@a.example/?token=s3cr3t' },
                { id: 'b', url: 'https://b.example' },
              ],
            },
          },
        },
        ...options,
        admin: { auth: { token: TOKEN }, ...admin },
      }),
    ],
    providers: [Rates, ...providers],
  }).compile();
  const app = module.createNestApplication(platform === 'express' ? new ExpressAdapter() : new FastifyAdapter(), {
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  return app;
}
