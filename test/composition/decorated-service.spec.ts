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
  isCircuitOpen,
  RateLimit,
  ReliabilityManager,
  ReliabilityModule,
  type ReliabilityModuleOptions,
  Retry,
  seededRandom,
  Signal,
  TimeLimit,
} from '@marketprism/reliability';
import { ManualClock } from '@marketprism/reliability/testing';

type Answer = (host: EndpointRef, signal: AbortSignal) => Promise<string>;

const venueOf = (venue: string) => venue;

@Injectable()
class FundingRates {
  answer: Answer = async (host) => `from ${host.id}`;
  readonly asked: string[] = [];

  @Retry(venueOf)
  @CircuitBreaker(venueOf)
  @RateLimit(venueOf)
  @Balanced(venueOf)
  @TimeLimit(venueOf)
  async fetch(venue: string, @Endpoint() host?: EndpointRef, @Signal() signal?: AbortSignal): Promise<string> {
    this.asked.push(`${venue}@${host!.id}`);
    return this.answer(host!, signal!);
  }

  @Fallback('lastKnown')
  @CircuitBreaker('okx')
  async latest(): Promise<string> {
    return this.answer({ id: '-', target: undefined }, AbortSignal.abort());
  }

  async lastKnown(): Promise<string> {
    return 'last known';
  }
}

const unavailable = () => Promise.reject(Object.assign(new Error('unavailable'), { status: 503 }));

describe('a service with the whole chain', () => {
  const clock = new ManualClock();
  const policies: ReliabilityModuleOptions['policies'] = {
    okx: {
      retry: { attempts: 3, backoff: { kind: 'fixed', delayMs: 100, jitter: 'none' } },
      circuitBreaker: { consecutiveFailures: 4, openForMs: 5_000 },
      rateLimit: { limit: 100, windowMs: 1_000 },
      balancer: {
        strategy: 'round-robin',
        endpoints: [
          { id: 'a', url: 'http://a' },
          { id: 'b', url: 'http://b' },
        ],
      },
      timeLimit: { limitMs: 1_000 },
    },
  };

  const start = async () => {
    const module = await Test.createTestingModule({
      imports: [
        ReliabilityModule.forRoot({
          policies,
          capabilities: { clock, random: seededRandom(1), emit: new EventBus() },
        }),
      ],
      providers: [FundingRates],
    }).compile();
    await module.init();
    return { module, rates: module.get(FundingRates), manager: module.get(ReliabilityManager) };
  };

  it('spreads calls over the endpoints', async () => {
    const { rates } = await start();
    expect(await rates.fetch('okx')).toBe('from a');
    expect(await rates.fetch('okx')).toBe('from b');
  });

  it('repeats a failed attempt on another endpoint', async () => {
    const { rates } = await start();
    rates.answer = async (host) => (host.id === 'a' ? unavailable() : 'good');
    const result = rates.fetch('okx');
    await clock.run(2_000);
    expect(await result).toBe('good');
    expect(rates.asked).toEqual(['okx@a', 'okx@b']);
  });

  it('aborts an attempt that takes too long and repeats it', async () => {
    const { rates } = await start();
    const signals: AbortSignal[] = [];
    rates.answer = (host, signal) => {
      signals.push(signal);
      return host.id === 'a' ? new Promise(() => undefined) : Promise.resolve('good');
    };
    const result = rates.fetch('okx');
    await clock.run(10_000);
    expect(await result).toBe('good');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it('opens after failures, refuses without calling, and recovers', async () => {
    const { rates, manager } = await start();
    rates.answer = unavailable;
    const results = [rates.fetch('okx'), rates.fetch('okx')].map((result) => result.catch((error: unknown) => error));
    await clock.run(1_000);
    await Promise.all(results);
    const asked = rates.asked.length;
    expect(isCircuitOpen(await rates.fetch('okx').catch((error: unknown) => error))).toBe(true);
    expect(rates.asked).toHaveLength(asked);
    expect(await rates.latest()).toBe('last known');

    rates.answer = async () => 'well again';
    await clock.run(60_000);
    expect(await rates.fetch('okx')).toBe('well again');
    expect(manager.policy('circuit-breaker', 'okx')!.inspect(clock.now())).toMatchObject({ state: 'half-open' });
  });

  it('runs anything under the same name through the manager', async () => {
    const { manager } = await start();
    expect(await manager.executeWithProtection('okx', ({ endpoint, attempt }) => [endpoint!.id, attempt])).toEqual([
      'a',
      1,
    ]);
    expect(manager.explain('okx').map(({ type, mode }) => `${type} ${mode}`)).toEqual([
      'retry surrounds',
      'circuit-breaker decides',
      'rate-limiter waits',
      'load-balancer decides',
      'time-limit surrounds',
    ]);
  });
});
