import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import {
  Balanced,
  buildChain,
  CircuitBreaker,
  Coalesce,
  type EndpointRef,
  Endpoint,
  Fallback,
  Hedge,
  RateLimit,
  ReliabilityManager,
  ReliabilityModule,
  type ReliabilityModuleOptions,
  Retry,
  seededRandom,
  Signal,
  TimeLimit,
} from '@marketprism/reliability';
import { CallTracing, ReliabilityTracingModule } from '@marketprism/reliability/opentelemetry';
import { ManualClock, testCapabilities } from '@marketprism/reliability/testing';
import { eventsOf, Traced, withoutPrefix } from './traced.js';

const tracer = () => trace.getTracer('test');
const unavailable = (message = 'unavailable') => Object.assign(new Error(message), { status: 503 });

@Injectable()
class Rates {
  answer: (call: { host: EndpointRef | undefined; attempt: number }) => Promise<string> = async () => 'rate';
  attempt = 0;

  @Retry('okx')
  @CircuitBreaker('okx')
  @RateLimit('okx')
  @Balanced('okx')
  @TimeLimit('okx')
  async fetch(_symbol: string, @Endpoint() host?: EndpointRef): Promise<string> {
    this.attempt += 1;
    return this.answer({ host, attempt: this.attempt });
  }

  @Fallback('lastKnown')
  @CircuitBreaker('strict')
  async latest(): Promise<string> {
    return this.answer({ host: undefined, attempt: 1 });
  }

  async lastKnown(): Promise<string> {
    return 'last known';
  }

  @Hedge('fast')
  async hedged(): Promise<string> {
    this.attempt += 1;
    return this.answer({ host: undefined, attempt: this.attempt });
  }

  @RateLimit('slow')
  async queued(name: string): Promise<string> {
    return tracer().startActiveSpan(`inside ${name}`, async (span) => {
      span.end();
      return name;
    });
  }

  @Coalesce()
  @CircuitBreaker('strict')
  async shared(_key: string): Promise<string> {
    return this.answer({ host: undefined, attempt: 1 });
  }

  @CircuitBreaker('strict')
  async cancellable(@Signal() _signal?: AbortSignal): Promise<string> {
    return this.answer({ host: undefined, attempt: 1 });
  }

  unprotected(): string {
    return 'plain';
  }
}

const policies: ReliabilityModuleOptions['policies'] = {
  okx: {
    retry: { attempts: 3, backoff: { kind: 'fixed', delayMs: 100, jitter: 'none' } },
    circuitBreaker: { consecutiveFailures: 5 },
    rateLimit: { limit: 1_000, windowMs: 1_000 },
    balancer: {
      strategy: 'round-robin',
      endpoints: [
        { id: 'a', url: 'https://user:hunter2@a.example/x?key=hunter2' },
        { id: 'https://user:hunter2@b.example/x?key=hunter2', url: 'https://b.example' },
      ],
    },
    timeLimit: { limitMs: 1_000 },
  },
  strict: { circuitBreaker: { consecutiveFailures: 1, openForMs: 60_000 } },
  fast: { hedge: { delayMs: 50 } },
  box: { bulkhead: { maxConcurrent: 1, maxQueued: 1 } },
  slow: { rateLimit: { limit: 1, windowMs: 1_000, burst: 1, maxQueued: 10 } },
};

async function application(options: object = {}, traced = true) {
  const clock = new ManualClock();
  const module = await Test.createTestingModule({
    imports: [
      ReliabilityModule.forRoot({ policies, capabilities: { clock, random: seededRandom(1) } }),
      ...(traced ? [ReliabilityTracingModule.register(options)] : []),
    ],
    providers: [Rates],
  }).compile();
  await module.init();
  return { clock, module, rates: module.get(Rates), manager: module.get(ReliabilityManager) };
}

describe('spans of protected calls', () => {
  let traced: Traced;
  beforeEach(() => {
    traced = new Traced();
  });
  afterEach(() => traced.close());

  it('has one span per call, named as the method, with the attempt and where it went', async () => {
    const { rates } = await application();
    await expect(rates.fetch('BTC')).resolves.toBe('rate');
    expect(traced.spans.map(({ name }) => name)).toEqual(['Rates.fetch']);
    const span = traced.span('Rates.fetch');
    expect(span.attributes).toEqual({
      'code.function.name': 'Rates.fetch',
      'reliability.policies': [
        'retry:okx',
        'circuit-breaker:okx',
        'rate-limiter:okx',
        'load-balancer:okx',
        'time-limit:okx',
      ],
      'reliability.outcome': 'success',
      'reliability.attempts': 1,
      'reliability.endpoint': 'a',
    });
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(eventsOf(span)).toEqual([['attempt', { attempt: 1, endpoint: 'a' }]]);
  });

  it('tells attempts, what failed and where, and the waits between', async () => {
    const { rates, clock } = await application();
    rates.answer = async ({ attempt }) => {
      if (attempt < 3) throw unavailable();
      return 'rate';
    };
    const result = rates.fetch('BTC');
    await clock.run(1_000);
    await expect(result).resolves.toBe('rate');
    const span = traced.span('Rates.fetch');
    expect(withoutPrefix(span.attributes)).toMatchObject({ outcome: 'success', attempts: 3, endpoint: 'a' });
    const b = 'https://[redacted]@b.example/x?key=[redacted]';
    const failed = { 'error.type': 'Error', error_class: 'server' };
    const wait = { policy: 'okx', delay_ms: 100, error_class: 'server' };
    expect(eventsOf(span)).toEqual([
      ['attempt', { attempt: 1, endpoint: 'a' }],
      ['attempt.failed', { attempt: 1, endpoint: 'a', ...failed }],
      ['retry.scheduled', { ...wait, attempt: 2 }],
      ['attempt', { attempt: 2, endpoint: b }],
      ['attempt.failed', { attempt: 2, endpoint: b, ...failed }],
      ['retry.scheduled', { ...wait, attempt: 3 }],
      ['attempt', { attempt: 3, endpoint: 'a' }],
    ]);
  });

  it('keeps the span active in the method, in every attempt of it', async () => {
    const { rates, clock } = await application();
    rates.answer = ({ attempt }) =>
      tracer().startActiveSpan(`request ${attempt}`, async (span) => {
        span.end();
        if (attempt < 3) throw unavailable();
        return 'rate';
      });
    const result = tracer().startActiveSpan('caller', async (span) => {
      await rates.fetch('BTC');
      span.end();
    });
    await clock.run(1_000);
    await result;
    const call = traced.span('Rates.fetch');
    expect(call.parentSpanContext?.spanId).toBe(traced.span('caller').spanContext().spanId);
    for (const attempt of [1, 2, 3]) {
      expect(traced.span(`request ${attempt}`).parentSpanContext?.spanId).toBe(call.spanContext().spanId);
    }
    expect(new Set(traced.spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  });

  it('gives each of many queued calls its own span, active when its turn comes', async () => {
    const { rates, clock } = await application();
    const names = ['one', 'two', 'three', 'four'];
    const results = names.map((name) =>
      tracer().startActiveSpan(name, async (span) => {
        await rates.queued(name);
        span.end();
      }),
    );
    await clock.run(10_000);
    await Promise.all(results);
    const calls = traced.spans.filter(({ name }) => name === 'Rates.queued');
    expect(calls).toHaveLength(4);
    for (const name of names) {
      const call = calls.find((span) => span.parentSpanContext?.spanId === traced.span(name).spanContext().spanId);
      expect(traced.span(`inside ${name}`).parentSpanContext?.spanId).toBe(call?.spanContext().spanId);
    }
  });

  it('tells of a hedge, and keeps the span active in both attempts', async () => {
    const { rates, clock } = await application();
    const seen: (string | undefined)[] = [];
    rates.answer = ({ attempt }) => {
      seen.push(trace.getActiveSpan()?.spanContext().spanId);
      return attempt === 1 ? new Promise(() => undefined) : Promise.resolve('from the hedge');
    };
    const result = rates.hedged();
    await clock.run(60);
    await expect(result).resolves.toBe('from the hedge');
    const span = traced.span('Rates.hedged');
    expect(seen).toEqual([span.spanContext().spanId, span.spanContext().spanId]);
    expect(withoutPrefix(span.attributes)).toMatchObject({ outcome: 'success', attempts: 2 });
    expect(eventsOf(span)).toEqual([
      ['attempt', { attempt: 1 }],
      ['hedge.sent', { policy: 'fast' }],
      ['attempt', { attempt: 2 }],
      ['hedge.won', { policy: 'fast' }],
    ]);
  });

  it('marks a refused call, which made no attempt, with the code of the refusal', async () => {
    const { rates } = await application();
    rates.answer = () => Promise.reject(unavailable());
    await expect(rates.cancellable()).rejects.toThrow('unavailable');
    await expect(rates.cancellable()).rejects.toThrow(/open/);
    const [first, second] = traced.spans;
    expect(withoutPrefix(first!.attributes)).toMatchObject({ outcome: 'failure', attempts: 1, error_class: 'server' });
    expect(eventsOf(first!).map(([name]) => name)).toEqual([
      'attempt',
      'circuit_breaker.transition',
      'attempt.failed',
      'exception',
    ]);
    expect(eventsOf(first!)[1]![1]).toMatchObject({ policy: 'strict', from: 'closed', to: 'open' });
    expect(second!.status).toEqual({ code: SpanStatusCode.ERROR, message: 'CIRCUIT_OPEN' });
    expect(withoutPrefix(second!.attributes)).toMatchObject({
      outcome: 'refused',
      attempts: 0,
      'error.type': 'CIRCUIT_OPEN',
    });
    expect(eventsOf(second!)).toEqual([
      [
        'refused',
        {
          attempt: 1,
          'error.type': 'CIRCUIT_OPEN',
          policy: 'strict',
          policy_type: 'circuit-breaker',
          retry_after_ms: expect.any(Number),
        },
      ],
      ['exception', { 'exception.type': 'CIRCUIT_OPEN', 'exception.message': expect.stringContaining('strict') }],
    ]);
  });

  it('tells what a fallback has hidden', async () => {
    const { rates, manager } = await application();
    (manager.policy('circuit-breaker', 'strict') as unknown as { forceOpen(): void }).forceOpen();
    await expect(rates.latest()).resolves.toBe('last known');
    const span = traced.span('Rates.latest');
    expect(withoutPrefix(span.attributes)).toMatchObject({ outcome: 'fallback', attempts: 0 });
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(eventsOf(span).map(([name]) => name)).toEqual(['refused', 'fallback.answered']);
  });

  it('tells the refusal of a queued call to that call, not to the one that took its place', async () => {
    const { manager } = await application();
    let finish = (): void => undefined;
    const running = manager.executeWithProtection('box', () => new Promise<void>((resolve) => (finish = resolve)));
    const shed = manager.executeWithProtection('box', () => undefined, { priority: 'low' });
    const urgent = manager.executeWithProtection('box', () => undefined, { priority: 'critical' });
    await expect(shed).rejects.toMatchObject({ code: 'BULKHEAD_FULL' });
    finish();
    await Promise.all([running, urgent]);
    const told = traced.spans.map((span) => [withoutPrefix(span.attributes), eventsOf(span).map(([name]) => name)]);
    expect(told).toEqual([
      [expect.objectContaining({ outcome: 'refused' }), ['refused', 'exception']],
      [expect.objectContaining({ outcome: 'success' }), ['attempt']],
      [expect.objectContaining({ outcome: 'success' }), ['attempt']],
    ]);
  });

  it('ends with the answer to the caller, though the work goes on', async () => {
    const { rates, clock } = await application();
    let late: Span | undefined;
    rates.answer = () => {
      late = trace.getActiveSpan();
      return new Promise(() => undefined);
    };
    const result = rates.fetch('BTC').catch((error: unknown) => error);
    await clock.run(10_000);
    expect(await result).toMatchObject({ code: 'CALL_TIMEOUT' });
    expect(late?.isRecording()).toBe(false);
    const span = traced.span('Rates.fetch');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'CALL_TIMEOUT' });
    expect(eventsOf(span).filter(([name]) => name === 'attempt.failed')).toEqual([
      ['attempt.failed', { attempt: 1, endpoint: 'a', 'error.type': 'CALL_TIMEOUT', error_class: 'timeout' }],
      ['attempt.failed', expect.objectContaining({ attempt: 2, 'error.type': 'CALL_TIMEOUT' })],
      ['attempt.failed', expect.objectContaining({ attempt: 3, 'error.type': 'CALL_TIMEOUT' })],
    ]);
  });

  it('does not blame what was called for a caller who gave up', async () => {
    const { rates } = await application();
    rates.answer = () => new Promise(() => undefined);
    const controller = new AbortController();
    const result = rates.cancellable(controller.signal);
    controller.abort();
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    const span = traced.span('Rates.cancellable');
    expect(withoutPrefix(span.attributes)).toMatchObject({ outcome: 'cancelled' });
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
  });

  it('gives calls that share their work a span each, and the attempt to the one that made it', async () => {
    const { rates } = await application();
    let answer = (_value: string): void => undefined;
    const seen: (string | undefined)[] = [];
    rates.answer = () => {
      seen.push(trace.getActiveSpan()?.spanContext().spanId);
      return new Promise((resolve) => (answer = resolve));
    };
    const both = [rates.shared('BTC'), rates.shared('BTC')];
    answer('once');
    await expect(Promise.all(both)).resolves.toEqual(['once', 'once']);
    expect(traced.spans.map(({ attributes }) => attributes['reliability.attempts'])).toEqual([1, 0]);
    expect(seen).toEqual([traced.spans[0]!.spanContext().spanId]);
  });

  it.each([
    ['by default', {}, { 'exception.type': 'TypeError' }],
    [
      'when asked for, redacted',
      { exceptionMessages: true },
      {
        'exception.type': 'TypeError',
        'exception.message': 'GET https://[redacted]@x.example/ failed',
        'exception.stacktrace': expect.not.stringContaining('hunter2'),
      },
    ],
  ])('keeps arguments and secrets out: messages of others %s', async (_when, options, exception) => {
    const { rates } = await application(options);
    rates.answer = () => Promise.reject(new TypeError('GET https://me:hunter2@x.example/ failed'));
    await expect(rates.cancellable()).rejects.toThrow('failed');
    await rates.fetch('hunter2').catch(() => undefined);
    const shown = JSON.stringify(
      traced.spans.map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    );
    expect(shown).not.toContain('hunter2');
    expect(eventsOf(traced.span('Rates.fetch')).at(-1)).toEqual(['exception', exception]);
  });

  it('makes no span for an application that did not ask, nor for what is not protected', async () => {
    const { rates: untraced } = await application({}, false);
    await untraced.fetch('BTC');
    expect(traced.spans).toEqual([]);
    const { rates, module } = await application();
    rates.unprotected();
    expect(traced.spans).toEqual([]);
    await rates.fetch('BTC');
    await module.close();
    await expect(rates.fetch('BTC')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(traced.spans.map(({ name }) => name)).toEqual(['Rates.fetch']);
  });

  it('watches a standalone chain: plain values stay plain, refusals stay values', () => {
    const capabilities = testCapabilities();
    const chain = buildChain({ name: 'sums', circuitBreaker: {} }, capabilities, new CallTracing());
    expect(chain.tryExecute(() => 2)).toMatchObject({ kind: 'success', value: 2 });
    (chain.policy('circuit-breaker') as unknown as { forceOpen(): void }).forceOpen();
    expect(chain.tryExecute(() => 2)).toMatchObject({ kind: 'refused', refusal: { policy: 'sums' } });
    expect(traced.spans.map(({ name, attributes }) => [name, attributes['reliability.outcome']])).toEqual([
      ['sums', 'success'],
      ['sums', 'refused'],
    ]);
    expect(traced.spans[0]!.attributes).not.toHaveProperty('code.function.name');
  });

  it('leaves no span active where a call was made', async () => {
    const { rates } = await application();
    const result = rates.fetch('BTC');
    expect(trace.getSpan(context.active())).toBeUndefined();
    await result;
    expect(trace.getSpan(context.active())).toBeUndefined();
  });
});

describe('spans that are not sampled', () => {
  it('cost no record, and keep what the method calls unsampled too', async () => {
    const traced = new Traced(new AlwaysOffSampler());
    const { rates } = await application();
    let recording: boolean | undefined;
    let traceId: string | undefined;
    rates.answer = async () => {
      recording = trace.getActiveSpan()?.isRecording();
      traceId = trace.getActiveSpan()?.spanContext().traceId;
      return 'rate';
    };
    await rates.fetch('BTC');
    expect(recording).toBe(false);
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(traced.spans).toEqual([]);
    await traced.close();
  });
});
