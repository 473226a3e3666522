import 'reflect-metadata';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import {
  CircuitBreaker,
  ReliabilityExceptionFilter,
  ReliabilityManager,
  ReliabilityModule,
  Retry,
} from '@marketprism/reliability';

@Injectable()
class Rates {
  attempts = 0;

  @Retry({ attempts: 3, backoff: { kind: 'fixed', delayMs: 1, jitter: 'none' } })
  @CircuitBreaker('okx')
  async fetch(): Promise<string> {
    this.attempts += 1;
    if (this.attempts < 3) throw Object.assign(new Error('unavailable'), { status: 503 });
    return `after ${this.attempts} attempts`;
  }
}

@Controller()
class RatesController {
  constructor(private readonly rates: Rates) {}

  @Get()
  get() {
    return this.rates.fetch();
  }
}

@Module({
  imports: [ReliabilityModule.forRoot({ policies: { okx: { circuitBreaker: {} } } })],
  controllers: [RatesController],
  providers: [Rates, { provide: APP_FILTER, useClass: ReliabilityExceptionFilter }],
})
class AppModule {}

async function main() {
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const first = await (await fetch(url)).text();
  const breaker = app.get(ReliabilityManager).policy('circuit-breaker', 'okx') as unknown as { forceOpen(): void };
  breaker.forceOpen();
  const { status } = await fetch(url);
  await app.close();
  console.log(JSON.stringify({ first, status }));
}

void main();
