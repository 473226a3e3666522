import { request, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultInput } from './faults/fault.schema.js';
import { startSimulator, type Simulator } from './simulator.js';

interface Observation {
  /** How it ended: `whole`, a code of the socket, or `out of patience`. */
  readonly end: string;
  readonly status: number | null;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly ms: number;
}

/** One request on a connection of its own, with nothing retried and nothing parsed. */
function observe(url: string, patienceMs = 2_000): Promise<Observation> {
  return new Promise((resolve) => {
    const begin = performance.now();
    let status: number | null = null;
    let headers: IncomingMessage['headers'] = {};
    let body = '';
    const done = (end: string): void => {
      clearTimeout(timer);
      outgoing.destroy();
      resolve({ end, status, headers, body, ms: performance.now() - begin });
    };
    const outgoing = request(url, { agent: false }, (answer) => {
      status = answer.statusCode ?? null;
      headers = answer.headers;
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => done('whole'));
      answer.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    });
    const timer = setTimeout(() => done('out of patience'), patienceMs);
    outgoing.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    outgoing.end();
  });
}

const PATH = '/api/v5/public/funding-rate?instId=ANY';

describe('faults as a client meets them', () => {
  let simulator: Simulator;
  let first = '';
  let second = '';

  beforeAll(async () => {
    simulator = await startSimulator({
      venues: ['okx', 'gate'],
      hostsPerVenue: 2,
      limitScale: 1_000,
      settlementMs: 3_600_000,
      deliveryGraceMs: 20,
    });
    [first = '', second = ''] = simulator.hosts().map(({ url }) => url);
  });
  afterAll(() => simulator.close());

  /** Runs with a fault on the first host, and ends it. */
  async function under<T>(fault: FaultInput, act: () => Promise<T>): Promise<T> {
    const [added] = simulator.addFaults([fault]);
    try {
      return await act();
    } finally {
      simulator.endFault(added?.id ?? '');
    }
  }
  const onFirst = { venue: 'okx', host: 'okx-1', durationMs: 60_000 } as const;

  it('none: a whole answer from every host', async () => {
    for (const url of [first, second]) {
      const { end, status, body } = await observe(url + PATH);
      expect({ end, status }).toEqual({ end: 'whole', status: 200 });
      expect(JSON.parse(body)).toMatchObject({ code: '0' });
    }
  });

  it('latency: the same answer, later; the other host is not touched', async () => {
    await under({ kind: 'latency', distribution: 'fixed', delayMs: 1_500, ...onFirst }, async () => {
      const [slow, quick] = await Promise.all([observe(first + PATH), observe(second + PATH)]);
      expect(slow).toMatchObject({ end: 'whole', status: 200 });
      expect(slow.ms).toBeGreaterThanOrEqual(1_499);
      expect(quick.ms).toBeLessThan(1_499);
    });
  });

  it('rateLimited: 429 in the form of the venue, with Retry-After and without', async () => {
    await under({ kind: 'rateLimited', retryAfterSeconds: 3, ...onFirst }, async () => {
      const { status, headers, body } = await observe(first + PATH);
      expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 429, retryAfter: '3' });
      expect(JSON.parse(body)).toEqual({ code: '50011', data: [], msg: 'Too Many Requests' });
    });
    await under({ kind: 'rateLimited', ...onFirst }, async () => {
      const { status, headers } = await observe(first + PATH);
      expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 429, retryAfter: undefined });
    });
  });

  it('banned: 418 with the seconds left', async () => {
    await under({ kind: 'banned', ...onFirst, durationMs: 4_500 }, async () => {
      const { status, headers } = await observe(first + PATH);
      expect(status).toBe(418);
      expect(headers['retry-after']).toBe('5');
    });
  });

  it('unavailable: 503', async () => {
    await under({ kind: 'unavailable', ...onFirst }, async () => {
      const { status, body } = await observe(first + PATH);
      expect(status).toBe(503);
      expect(JSON.parse(body)).toMatchObject({ code: '50001' });
    });
  });

  it('maintenance: the codes of the venue', async () => {
    await under({ kind: 'maintenance', ...onFirst }, async () => {
      const codes = new Set<unknown>();
      for (let i = 0; i < 30; i += 1)
        codes.add((JSON.parse((await observe(first + PATH)).body) as { code: unknown }).code);
      expect(codes).toEqual(new Set(['50001', '50013', '50026']));
    });
  });

  it('refused: the port is closed, and open again on the same address when the fault ends', async () => {
    await under({ kind: 'refused', ...onFirst }, async () => {
      await delay(5);
      expect((await observe(first + PATH)).end).toBe('ECONNREFUSED');
      expect((await observe(second + PATH)).end).toBe('whole');
    });
    await delay(20);
    expect(await observe(first + PATH)).toMatchObject({ end: 'whole', status: 200 });
  });

  it('refused, by its own times: closed from start to end without being told', async () => {
    const [fault] = simulator.addFaults([{ kind: 'refused', ...onFirst, startMs: 60, durationMs: 150 }]);
    expect((await observe(first + PATH)).end).toBe('whole');
    await delay((fault?.startsAt ?? 0) - Date.now() + 30);
    expect((await observe(first + PATH)).end).toBe('ECONNREFUSED');
    await delay((fault?.endsAt ?? 0) - Date.now() + 30);
    expect((await observe(first + PATH)).end).toBe('whole');
  });

  it('venueDown: every host of the venue refuses, those of another answer', async () => {
    const gate = simulator.hosts().find(({ venue }) => venue === 'gate')?.url ?? '';
    await under({ kind: 'venueDown', venue: 'okx', durationMs: 60_000 }, async () => {
      await delay(5);
      const ends = await Promise.all([first + PATH, second + PATH].map((url) => observe(url)));
      expect(ends.map(({ end }) => end)).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
      expect((await observe(`${gate}/api/v4/futures/usdt/contracts`)).end).toBe('whole');
    });
    await delay(20);
  });

  it('resetBeforeHeaders: the connection breaks and nothing came', async () => {
    await under({ kind: 'resetBeforeHeaders', ...onFirst }, async () => {
      expect(await observe(first + PATH)).toMatchObject({ end: 'ECONNRESET', status: null, body: '' });
    });
  });

  it('resetMidBody: status and a part of the body, then the connection breaks', async () => {
    const { body: whole } = await observe(first + PATH);
    await under({ kind: 'resetMidBody', ...onFirst }, async () => {
      const { end, status, body } = await observe(first + PATH);
      expect({ end, status }).toEqual({ end: 'ECONNRESET', status: 200 });
      expect(body.length).toBeGreaterThan(whole.length * 0.4);
      expect(body.length).toBeLessThan(whole.length * 0.8);
    });
  });

  it('headersNever: nothing at all, though the connection stays', async () => {
    await under({ kind: 'headersNever', ...onFirst }, async () => {
      expect(await observe(first + PATH, 300)).toMatchObject({ end: 'out of patience', status: null, body: '' });
    });
  });

  it('dripBody: bytes keep coming and the body never ends', async () => {
    await under({ kind: 'dripBody', ...onFirst }, async () => {
      const [early, late] = await Promise.all([observe(first + PATH, 200), observe(first + PATH, 900)]);
      expect(early).toMatchObject({ end: 'out of patience', status: 200 });
      expect(late).toMatchObject({ end: 'out of patience', status: 200 });
      expect(late.body.length).toBeGreaterThan(early.body.length);
    });
  });

  it('dripBody goes on for a client that came during the fault, after the fault has ended', async () => {
    const pending = under({ kind: 'dripBody', ...onFirst }, async () => {
      const late = observe(first + PATH, 700);
      await delay(100);
      return { late };
    });
    expect((await (await pending).late).end).toBe('out of patience');
  });

  it('truncatedJson: a whole answer that does not parse', async () => {
    await under({ kind: 'truncatedJson', ...onFirst }, async () => {
      const { end, status, headers, body } = await observe(first + PATH);
      expect({ end, status }).toEqual({ end: 'whole', status: 200 });
      expect(headers['content-length']).toBe(String(Buffer.byteLength(body)));
      expect(() => JSON.parse(body) as unknown).toThrow(SyntaxError);
    });
  });

  it.each([
    ['html', /^<!DOCTYPE html>/],
    ['emptyObject', /^\{\}$/],
    ['emptyArray', /^\[\]$/],
  ] as const)('%s: status 200 all the same', async (kind, form) => {
    await under({ kind, ...onFirst }, async () => {
      const { end, status, body } = await observe(first + PATH);
      expect({ end, status }).toEqual({ end: 'whole', status: 200 });
      expect(body).toMatch(form);
    });
  });

  it('does not count an answer as served when the client hangs up on it at once', async () => {
    const uncertain = (): number => simulator.stats().venues.okx?.hosts['okx-2']?.uncertain ?? 0;
    const before = uncertain();
    await new Promise<void>((resolve) => {
      const outgoing = request(second + PATH, { headers: { connection: 'keep-alive' } }, (answer) => {
        answer.once('data', () => {
          outgoing.destroy();
          resolve();
        });
      });
      outgoing.on('error', () => undefined);
      outgoing.end();
    });
    await delay(60);
    expect(uncertain()).toBe(before + 1);
  });

  it('publishes every fault with its hosts, its times and the requests it changed', () => {
    const faults = simulator.faults();
    expect(faults.length).toBeGreaterThan(15);
    expect(faults.find(({ kind }) => kind === 'venueDown')?.hosts).toEqual(['okx-1', 'okx-2']);
    expect(faults.find(({ kind }) => kind === 'maintenance')?.affected).toBe(30);
    for (const { startsAt, endsAt } of faults) expect(endsAt).toBeGreaterThanOrEqual(startsAt);
  });
});
