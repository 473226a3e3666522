import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CircuitBreaker, EventBus, ReliabilityModule } from '@marketprism/reliability';
import {
  ReliabilityTracingModule,
  TracedLogger,
  type TracedLoggerOptions,
} from '@marketprism/reliability/opentelemetry';
import { ManualClock } from '@marketprism/reliability/testing';
import { Traced } from './traced.js';

/** Everything written to standard output and error in the course of a test. */
function captured(): {
  readonly lines: () => Record<string, unknown>[];
  readonly text: () => string;
  readonly restore: () => void;
} {
  let text = '';
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
  }
  const lines = () =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { lines, text: () => text, restore: () => jest.restoreAllMocks() };
}

@Injectable()
class Rates {
  @CircuitBreaker('okx')
  async fetch(): Promise<never> {
    throw new Error('https://me:hunter2@okx.example/ is down');
  }
}

async function application(options: TracedLoggerOptions = {}, emit = new EventBus()) {
  const { restore } = captured();
  const module = await Test.createTestingModule({
    imports: [
      ReliabilityModule.forRoot({
        policies: { okx: { circuitBreaker: { consecutiveFailures: 2 } } },
        capabilities: { emit },
      }),
      ReliabilityTracingModule,
    ],
    providers: [Rates],
  })
    .setLogger(new TracedLogger(options))
    .compile();
  await module.init();
  restore();
  return module.get(Rates);
}

describe('the logger', () => {
  afterEach(() => jest.restoreAllMocks());

  it('writes a transition as JSON, with the ids of the span of the call that caused it', async () => {
    const traced = new Traced();
    const rates = await application();
    const { lines, restore } = captured();
    await rates.fetch().catch(() => undefined);
    await rates.fetch().catch(() => undefined);
    await rates.fetch().catch(() => undefined);
    restore();
    const [, second] = traced.spans;
    expect(lines()).toEqual([
      {
        level: 'warn',
        pid: process.pid,
        timestamp: expect.any(Number),
        context: 'Reliability',
        message: expect.stringMatching(/^Circuit "okx": closed → open \(/),
        event: 'circuit-breaker.transition',
        policy: 'okx',
        from: 'closed',
        to: 'open',
        reason: expect.any(String),
        retryAfterMs: expect.any(Number),
        trace_id: second!.spanContext().traceId,
        span_id: second!.spanContext().spanId,
        trace_flags: '01',
      },
    ]);
    await traced.close();
  });

  it('writes other lines as Nest does, without ids where there is no span', () => {
    const logger = new TracedLogger();
    const { lines, restore } = captured();
    logger.log('listening', 'Http');
    logger.error(new Error('broken'), 'Http');
    restore();
    const [first] = lines();
    expect(first).toEqual({
      level: 'log',
      pid: process.pid,
      timestamp: expect.any(Number),
      message: 'listening',
      context: 'Http',
    });
  });

  it('writes sentences for people with json: false', async () => {
    const rates = await application({ json: false, colors: false });
    const { text, restore } = captured();
    await rates.fetch().catch(() => undefined);
    await rates.fetch().catch(() => undefined);
    restore();
    expect(text()).toMatch(/ WARN \[Reliability\] Circuit "okx": closed → open \([^{}]*\)\n$/);
  });

  it('counts transitions that differ in numbers alone as the same line', async () => {
    const clock = new ManualClock();
    const emit = new EventBus();
    await application({ clock, repeats: { lines: 1, windowMs: 1_000 } }, emit);
    const { lines, restore } = captured();
    for (const forMs of [1_000, 2_000, 3_000]) {
      emit.emit({ type: 'rate-limiter.paused', policy: 'okx', at: 0, forMs, reason: 'server' });
    }
    clock.advance(1_000);
    restore();
    expect(lines()).toEqual([
      expect.objectContaining({ event: 'rate-limiter.paused', policy: 'okx', forMs: 1_000 }),
      expect.objectContaining({
        event: 'rate-limiter.paused',
        message: 'Limiter "okx": nothing is admitted for 2000 ms (server) (2 more times)',
        repeated: 2,
      }),
    ]);
  });

  it('writes an identical line ten times in ten seconds, then how often it came in between', () => {
    const clock = new ManualClock();
    const logger = new TracedLogger({ clock });
    const { lines, restore } = captured();
    for (let index = 0; index < 50; index += 1) logger.warn('store is away', 'Store');
    logger.warn('store is away', 'Other');
    logger.log('store is away', 'Store');
    const before = lines().length;
    clock.advance(10_000);
    logger.warn('store is away', 'Store');
    restore();
    expect(before).toBe(12);
    expect(lines().slice(12)).toEqual([
      expect.objectContaining({
        level: 'warn',
        message: 'store is away (40 more times)',
        repeated: 40,
        context: 'Store',
      }),
      expect.objectContaining({ level: 'warn', message: 'store is away' }),
    ]);
  });
});
