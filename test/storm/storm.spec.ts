import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildChain, type RetryOptions, seededRandom } from '@marketprism/reliability';
import { testCapabilities } from '@marketprism/reliability/testing';
import { Agent, request } from 'undici';

const CLIENTS = 1_000;
const ROUNDS = 2;

class Unavailable extends Error {
  readonly status = 503;
}

/**
 * 1,000 clients call a dependency twice, about two seconds apart. It fails from the beginning to the end.
 * Gives the times of all calls offered to it and of all attempts that reach it.
 */
async function outage(retry: RetryOptions) {
  const test = testCapabilities();
  const random = seededRandom(7);
  const chain = buildChain({ retry }, test);
  const [offered, attempts]: [number[], number[]] = [[], []];
  const call = () =>
    chain.execute(async () => {
      attempts.push(test.clock.now());
      throw new Unavailable();
    });
  const endings: Promise<unknown>[] = [];
  for (let client = 0; client < CLIENTS; client += 1) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const at = (round + random.next()) * 2_000;
      test.clock.schedule(at, () => {
        offered.push(test.clock.now());
        endings.push(call().catch(() => undefined));
      });
    }
  }
  for (let second = 0; second < 30; second += 1) {
    test.clock.advance(1_000);
    await new Promise(setImmediate);
  }
  await Promise.all(endings);
  return { offered, attempts };
}

// Minutes of virtual time, and a thousand real requests, on a machine that may be busy.
jest.setTimeout(60_000);

describe('1,000 clients on a dependency that fails, in virtual time', () => {
  it('put at most (1 + 0.2) times their load on it', async () => {
    const storm = await outage({});
    expect(storm.offered).toHaveLength(ROUNDS * CLIENTS);
    expect(storm.attempts.length).toBeGreaterThan(ROUNDS * CLIENTS);
    expect(storm.attempts.length).toBeLessThanOrEqual(1.2 * ROUNDS * CLIENTS);
  });

  it('put at most (1 + 0.05) times their load on it where the budget says so', async () => {
    const storm = await outage({ budget: { form: 'tokens', ratio: 0.05, minPerWindow: 0 } });
    expect(storm.attempts.length).toBeLessThanOrEqual(1.05 * ROUNDS * CLIENTS);
  });

  it('would put four times their load on it without a budget', async () => {
    const storm = await outage({ budget: false });
    expect(storm.attempts).toHaveLength(4 * ROUNDS * CLIENTS);
  });
});

describe('1,000 clients at once on a server that fails, on loopback', () => {
  let server: http.Server;
  let agent: Agent;
  let reached = 0;
  beforeEach(async () => {
    reached = 0;
    server = http.createServer((incoming, answer) => {
      reached += 1;
      incoming.resume();
      answer.writeHead(503).end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    agent = new Agent({ connections: 50 });
  });
  afterEach(async () => {
    await agent.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });

  it.each<[string, RetryOptions['budget'], number]>([
    ['token form', { form: 'tokens', ratio: 0.2 }, 1.2],
    ['share form', { form: 'inFlight', ratio: 0.2 }, 1.2],
  ])('put at most (1 + budget) times their load on it: %s', async (_form, budget, most) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const chain = buildChain({ retry: { attempts: 2, backoff: { kind: 'fixed', delayMs: 300 }, budget } });
    const results = await Promise.allSettled(
      Array.from({ length: CLIENTS }, () =>
        chain.execute(async () => {
          const { statusCode, body } = await request(url, { dispatcher: agent });
          await body.dump();
          throw Object.assign(new Error('failed'), { statusCode });
        }),
      ),
    );
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(reached).toBeGreaterThan(CLIENTS);
    expect(reached).toBeLessThanOrEqual(most * CLIENTS);
  });
});
