import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { CircuitBreaker, PolicyRegistry, RateLimit } from '@marketprism/reliability';
import { ReliabilityTesting } from '@marketprism/reliability/testing';

// A breaker outside a queue is asked before the queue. When its key function threw there, the call was counted as under
// way for ever: each shutdown then waited its longest, and policies that had been removed were never closed.
describe('a key function that throws while a policy is asked before the queues', () => {
  it('leaves no call under way', async () => {
    class Rates {
      @CircuitBreaker({
        key: () => {
          throw new Error('no tenant');
        },
      })
      @RateLimit({ limit: 5 })
      async fetch() {}
    }
    const testing = new ReliabilityTesting();
    const module = await Test.createTestingModule({ imports: [testing.forRoot({})], providers: [Rates] }).compile();
    await module.init();
    await expect(module.get(Rates).fetch()).rejects.toMatchObject({
      code: 'INVALID_USE',
      message: 'Rates.fetch: key for policy "Rates.fetch": the function threw',
      cause: new Error('no tenant'),
    });
    expect(module.get(PolicyRegistry).inFlight).toBe(0);
    await module.close();
  });
});
