import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { attemptsOf, buildChain, type RetryOptions } from '@marketprism/reliability';
import { request } from 'undici';

type Answer = readonly [status: number, headers?: http.OutgoingHttpHeaders];

const AT_ONCE = { kind: 'fixed', delayMs: 1 } as const;

/** A server that gives one answer after the other, the last one from then on; the waits between requests, in ms. */
async function against(answers: readonly Answer[], retry: RetryOptions) {
  const times: number[] = [];
  const server = http.createServer((_request, response) => {
    times.push(performance.now());
    const [status, headers] = answers[Math.min(times.length, answers.length) - 1]!;
    response.writeHead(status, headers).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const chain = buildChain({ retry: { backoff: AT_ONCE, ...retry } });
  const result = await chain
    .execute(async () => {
      const { statusCode, headers, body } = await request(url, { reset: true });
      await body.dump();
      if (statusCode >= 400) throw Object.assign(new Error(`status ${statusCode}`), { statusCode, headers });
      return statusCode;
    })
    .catch((error: unknown) => error);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return { result, requests: times.length, waits: times.slice(1).map((time, index) => time - times[index]!) };
}

it('waits as long as the server says, each time anew', async () => {
  const { result, waits } = await against(
    [[503, { 'retry-after-ms': '120' }], [429, { 'retry-after-ms': '250' }], [200]],
    {},
  );
  expect(result).toBe(200);
  expect(waits[0]).toBeGreaterThanOrEqual(119);
  expect(waits[1]).toBeGreaterThanOrEqual(249);
});

it('waits no longer than it is willing to', async () => {
  const { result, waits } = await against([[503, { 'retry-after': '3600' }], [200]], {
    retryAfter: { maxMs: 200, minMs: 10 },
  });
  expect(result).toBe(200);
  expect(waits[0]).toBeGreaterThanOrEqual(179);
});

it('gives up where it is not willing to wait that long', async () => {
  const { result, requests } = await against([[503, { 'retry-after': '3600' }], [200]], {
    retryAfter: { maxMs: 200, minMs: 10, beyond: 'stop' },
  });
  expect([requests, attemptsOf(result)?.length]).toEqual([1, 1]);
});

it.each<[string, http.OutgoingHttpHeaders]>([
  ['x-should-retry: false', { 'x-should-retry': 'false' }],
  ['a negative gRPC pushback', { 'grpc-retry-pushback-ms': '-1' }],
  ['an unreadable gRPC pushback', { 'grpc-retry-pushback-ms': 'soon' }],
])('does not come back after %s', async (_name, headers) => {
  expect((await against([[503, headers], [200]], {})).requests).toBe(1);
});

it('comes back once to what it would not repeat, where the server invites it to', async () => {
  const { result, requests } = await against([[409, { 'x-should-retry': 'true' }], [200]], {});
  expect([result, requests]).toEqual([200, 2]);
});

it('goes to another endpoint than the one that failed', async () => {
  const asked: string[] = [];
  const chain = buildChain({
    retry: { backoff: AT_ONCE },
    balancer: { endpoints: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] },
  });
  await chain.execute(async ({ endpoint }) => {
    asked.push(endpoint!.id);
    if (asked.length < 3) throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
  });
  expect(new Set(asked).size).toBe(3);
});
