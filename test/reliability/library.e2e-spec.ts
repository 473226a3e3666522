import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  Balanced,
  CircuitBreaker,
  Endpoint,
  type EndpointRef,
  EventBus,
  Fallback,
  isBulkheadFull,
  isCircuitOpen,
  isRateLimited,
  RateLimit,
  ReliabilityManager,
  ReliabilityModule,
  type ReliabilityModuleOptions,
  Retry,
  seededRandom,
} from '@marketprism/reliability';
import { ManualClock, RecordedEvents } from '@marketprism/reliability/testing';

const httpError = (status: number) => Object.assign(new Error(`HTTP ${status}`), { status });

/** What a service depends on: answers as it is told to. */
class Dependency {
  calls = 0;
  answer: (endpoint: EndpointRef | undefined) => Promise<string> = async () => 'ok';

  ask(endpoint?: EndpointRef): Promise<string> {
    this.calls += 1;
    return this.answer(endpoint);
  }
}

@Injectable()
class Service {
  constructor(readonly dependency: Dependency) {}

  @CircuitBreaker('breaker')
  guarded(): Promise<string> {
    return this.dependency.ask();
  }

  @Fallback('degraded')
  @CircuitBreaker('breaker')
  answered(): Promise<string> {
    return this.dependency.ask();
  }

  degraded(): string {
    return 'degraded';
  }

  @RateLimit('limiter', { mode: 'reject' })
  limited(): Promise<string> {
    return this.dependency.ask();
  }

  @RateLimit('queue', { priority: (priority: 'critical' | 'high' | 'normal' | 'low') => priority })
  queued(_priority: 'critical' | 'high' | 'normal' | 'low'): Promise<string> {
    return this.dependency.ask();
  }

  @Retry('retry')
  repeated(): Promise<string> {
    return this.dependency.ask();
  }

  @Balanced('balancer')
  balanced(@Endpoint() endpoint?: EndpointRef): Promise<string> {
    return this.dependency.ask(endpoint);
  }

  @Retry('all')
  @CircuitBreaker('all')
  @RateLimit('all')
  @Balanced('all')
  whole(@Endpoint() endpoint?: EndpointRef): Promise<string> {
    return this.dependency.ask(endpoint);
  }
}

const ENDPOINTS = ['a', 'b', 'c'].map((id) => ({ id, url: `http://${id}` }));
const STEADY = { kind: 'fixed', delayMs: 100, jitter: 'none' } as const;

const policies: ReliabilityModuleOptions['policies'] = {
  breaker: { circuitBreaker: { consecutiveFailures: 3, openForMs: 5_000, openForJitter: 0, halfOpenPermits: 2 } },
  limiter: { rateLimit: { limit: 5, windowMs: 1_000 } },
  queue: { rateLimit: { limit: 1, windowMs: 1_000, burst: 1 } },
  retry: { retry: { attempts: 3, backoff: STEADY, classes: { server: { attempts: 3, backoff: STEADY } } } },
  balancer: { balancer: { strategy: 'round-robin', endpoints: ENDPOINTS } },
  all: {
    retry: { attempts: 3, backoff: STEADY, classes: { server: { attempts: 3, backoff: STEADY } } },
    circuitBreaker: { consecutiveFailures: 50 },
    rateLimit: { limit: 1_000, windowMs: 1_000 },
    balancer: { strategy: 'round-robin', endpoints: ENDPOINTS },
  },
  small: { bulkhead: { maxConcurrent: 1, maxQueued: 0 } },
  load: { bulkhead: { maxConcurrent: 20, maxQueued: 80 }, fallback: { value: 'degraded' } },
};

async function start() {
  const clock = new ManualClock();
  const emit = new EventBus();
  const events = new RecordedEvents(emit);
  const module = await Test.createTestingModule({
    imports: [ReliabilityModule.forRoot({ policies, capabilities: { clock, random: seededRandom(1), emit } })],
    providers: [Service, Dependency],
  }).compile();
  await module.init();
  const dependency = module.get(Dependency);
  return { clock, events, dependency, service: module.get(Service), manager: module.get(ReliabilityManager) };
}

const errorOf = (result: Promise<unknown>) =>
  result.then(
    () => undefined,
    (error: unknown) => error,
  );

const repeat = <T>(times: number, run: () => T): T[] => Array.from({ length: times }, run);

describe('the library as an application uses it', () => {
  it('breaker basics: opens after failures in a row, refuses without calling, tells when to come back', async () => {
    const { service, dependency } = await start();
    dependency.answer = () => Promise.reject(httpError(503));
    for (const result of repeat(3, () => errorOf(service.guarded())))
      expect(await result).toMatchObject({ status: 503 });
    const refusal = await errorOf(service.guarded());
    expect(isCircuitOpen(refusal)).toBe(true);
    expect(refusal).toMatchObject({ retryAfterMs: 5_000, cause: { message: 'HTTP 503' } });
    expect(dependency.calls).toBe(3);
  });

  it('breaker recovery: probes after the open time and closes once the probes succeed', async () => {
    const { service, dependency, clock, events } = await start();
    dependency.answer = () => Promise.reject(httpError(503));
    await Promise.all(repeat(3, () => errorOf(service.guarded())));
    clock.advance(5_000);
    dependency.answer = async () => 'well';
    expect(await Promise.all(repeat(2, () => service.guarded()))).toEqual(['well', 'well']);
    expect(events.of('circuit-breaker.transition').map(({ from, to }) => `${from} → ${to}`)).toEqual(
      expect.arrayContaining(['closed → open', 'open → half-open']),
    );
    await clock.run(60_000);
    expect(await service.guarded()).toBe('well');
  });

  it('degraded answers: every call is answered while the circuit is open', async () => {
    const { service, dependency } = await start();
    dependency.answer = () => Promise.reject(httpError(503));
    expect(await Promise.all(repeat(100, () => service.answered()))).toEqual(repeat(100, () => 'degraded'));
  });

  it('limiter basics: admits the burst, refuses the rest with the time to wait, refills', async () => {
    const { service, clock } = await start();
    const results = await Promise.all(repeat(8, () => errorOf(service.limited())));
    expect(results.filter((error) => error === undefined)).toHaveLength(5);
    expect(results.filter(isRateLimited)).toHaveLength(3);
    expect(results.at(-1)).toMatchObject({ retryAfterMs: 200 });
    clock.advance(1_000);
    expect(await errorOf(service.limited())).toBeUndefined();
  });

  it('priorities: the waiting are served by urgency, and in order of arrival within one', async () => {
    const { service, clock } = await start();
    const served: string[] = [];
    await service.queued('normal');
    const waiting = ['low 1', 'normal 1', 'critical 1', 'high 1', 'low 2', 'critical 2'].map((label) =>
      service.queued(label.split(' ')[0] as 'low').then(() => served.push(label)),
    );
    await clock.run(10_000);
    await Promise.all(waiting);
    expect(served).toEqual(['critical 1', 'critical 2', 'high 1', 'normal 1', 'low 1', 'low 2']);
  });

  it('retry basics: repeats what may pass, after the delay', async () => {
    const { service, dependency, clock } = await start();
    dependency.answer = () => (dependency.calls < 3 ? Promise.reject(httpError(503)) : Promise.resolve('third time'));
    const result = service.repeated();
    await clock.run(250);
    expect(await result).toBe('third time');
    expect(dependency.calls).toBe(3);
  });

  it('non-retryable errors: the request itself is wrong, or not allowed: once is enough', async () => {
    for (const status of [400, 401, 403, 404, 422]) {
      const { service, dependency } = await start();
      dependency.answer = () => Promise.reject(httpError(status));
      expect(await errorOf(service.repeated())).toMatchObject({ status });
      expect(dependency.calls).toBe(1);
    }
  });

  it('alert on exhausted retries: an event says what was tried and why it was given up', async () => {
    const { service, dependency, clock, events } = await start();
    dependency.answer = () => Promise.reject(httpError(503));
    const result = errorOf(service.repeated());
    await clock.run(1_000);
    expect(await result).toMatchObject({ status: 503 });
    expect(events.of('retry.exhausted')).toMatchObject([{ policy: 'retry', attempts: 3, errorClass: 'server' }]);
  });

  it('balancer basics: takes turns', async () => {
    const { service, dependency } = await start();
    dependency.answer = async (endpoint) => endpoint!.id;
    expect(await Promise.all(repeat(6, () => service.balanced()))).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('health and isolation: an endpoint that fails is taken out, the others carry on', async () => {
    const { service, dependency, events } = await start();
    dependency.answer = async (endpoint) => (endpoint!.id === 'b' ? Promise.reject(httpError(503)) : endpoint!.id);
    await Promise.all(repeat(30, () => errorOf(service.balanced())));
    const after = await Promise.all(repeat(6, () => service.balanced()));
    expect(after).not.toContain('b');
    expect(events.of('load-balancer.endpoint').filter(({ change }) => change === 'ejected')).toMatchObject([
      { endpoint: 'b', cause: 'consecutive-failures' },
    ]);
  });

  it('manager: one name, one state, whoever uses it', async () => {
    const { service, dependency, manager } = await start();
    dependency.answer = () => Promise.reject(httpError(503));
    await Promise.all(repeat(3, () => errorOf(service.guarded())));
    const refused = await errorOf(manager.executeWithProtection('breaker', () => dependency.ask()));
    expect(isCircuitOpen(refused)).toBe(true);
    expect(manager.inspect()).toContainEqual(
      expect.objectContaining({ type: 'circuit-breaker', name: 'breaker', state: 'open' }),
    );
    await expect(manager.executeWithProtection('nobody', () => 1)).rejects.toThrow('"nobody"; configured: breaker,');
  });

  it('integration: retry over breaker, limiter and balancer hides one bad endpoint of three', async () => {
    const { service, dependency, clock } = await start();
    dependency.answer = async (endpoint) => (endpoint!.id === 'b' ? Promise.reject(httpError(503)) : endpoint!.id);
    const results = repeat(60, () => errorOf(service.whole()));
    await clock.run(10_000);
    expect((await Promise.all(results)).filter((error) => error !== undefined)).toEqual([]);
  });

  it('load with degradation: what the bulkhead cannot carry is answered at once, and nothing is lost', async () => {
    const { manager, clock } = await start();
    let running = 0;
    let most = 0;
    const work = () => {
      most = Math.max(most, ++running);
      return new Promise<string>((resolve) => {
        clock.schedule(50, () => {
          running -= 1;
          resolve('done');
        });
      });
    };
    const results = repeat(800, () => manager.executeWithProtection('load', work));
    await clock.run(5_000);
    const answers = await Promise.all(results);
    expect(most).toBe(20);
    expect(answers.filter((answer) => answer === 'done')).toHaveLength(100);
    expect(answers.filter((answer) => answer === 'degraded')).toHaveLength(700);
  });

  it('refuses what the bulkhead cannot carry, when nothing answers in its place', async () => {
    const { manager } = await start();
    const work = () => new Promise<never>(() => undefined);
    void manager.executeWithProtection('small', work);
    expect(isBulkheadFull(await errorOf(manager.executeWithProtection('small', work)))).toBe(true);
  });
});
