import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { VenueClient } from './venue-client.js';
import { isVenueError, VenueError } from './venue-error.js';
import { gateVenue } from './gate.js';
import { okxVenue } from './okx.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const GOOD =
  '{"code":"0","msg":"","data":[{"instId":"BTC-USDT-SWAP","fundingRate":1.50e-05,"fundingTime":"1795231030000","ts":"1795231026033"}]}';
const query = { list: 'swap', symbolIds: [] };
const okxRequest = okxVenue.lists['swap']![0]!;
const gateRequest = gateVenue.lists['usdt']![0]!;

describe('VenueClient', () => {
  let server: Server;
  let origin: string;
  let handler: Handler;
  const okx = new VenueClient(okxVenue, () => Date.now());
  const gate = new VenueClient(gateVenue, () => Date.now());

  beforeAll(async () => {
    server = createServer((request, response) => handler(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    await Promise.all([okx.close(), gate.close()]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const answering = (status: number, body: string | Buffer, headers: Record<string, string> = {}): Handler => {
    return (_, response) => void response.writeHead(status, headers).end(body);
  };

  async function failing(client: VenueClient, signal?: AbortSignal): Promise<VenueError> {
    const request = client === okx ? okxRequest : gateRequest;
    const error: unknown = await client.ask(request, query, { origin, ...(signal !== undefined && { signal }) }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!isVenueError(error)) throw new Error(`no VenueError: ${String(error)}`);
    return error;
  }

  it('asks the venue’s own path at the chosen host, and keeps every digit', async () => {
    let asked = '';
    handler = (request, response) => {
      asked = `${request.method} ${request.url}`;
      answering(200, GOOD)(request, response);
    };
    const { value, host } = await okx.ask(okxRequest, query, { origin });
    expect(asked).toBe('GET /api/v5/public/funding-rate?instId=ANY');
    expect(host).toBe(origin);
    expect(value).toMatchObject([
      { symbolId: 'BTC-USDT-SWAP', fundingRate: '1.50e-05', fundingTime: 1_795_231_030_000 },
    ]);
  });

  it('reads a compressed answer', async () => {
    handler = answering(200, gzipSync(GOOD), { 'content-encoding': 'gzip' });
    expect((await okx.ask(okxRequest, query, { origin })).value).toHaveLength(1);
  });

  it('tells the time that the answer was given, by its Date header', async () => {
    handler = answering(200, GOOD, { date: 'Sat, 21 Nov 2026 03:00:00 GMT' });
    expect((await okx.ask(okxRequest, query, { origin })).date).toBe(Date.UTC(2026, 10, 21, 3));
  });

  it.each([
    ['truncated JSON', '[{"name":"BTC_USDT","funding_rate":"0.0001"'],
    ['HTML', '<html><body>Sorry</body></html>'],
    ['an empty body', ''],
    ['{}', '{}'],
    ['a text', '"ok"'],
    ['null', 'null'],
  ])('takes %s under 200 for a data error, never for an answer without rows', async (_, body) => {
    handler = answering(200, body);
    expect((await failing(gate)).errorClass).toBe('data');
  });

  it('keeps status, code and wait of a refusal, whatever class ccxt has for it', async () => {
    handler = answering(429, '{"label":"SLOW_DOWN","message":"x"}', { 'retry-after': '3' });
    expect(await failing(gate)).toMatchObject({
      venue: 'gate',
      host: origin,
      status: 429,
      reason: 'SLOW_DOWN',
      errorClass: 'rateLimit',
      retryAfterMs: 3_250,
      retryable: true,
    });
  });

  it('does not follow redirects, and does not retry them', async () => {
    handler = answering(302, '', { location: '/elsewhere' });
    expect(await failing(okx)).toMatchObject({ errorClass: 'client', retryable: false });
  });

  it('tells a reset before the answer from one in the middle of it; both are of the network', async () => {
    handler = (request) => request.socket.destroy();
    expect(await failing(okx)).toMatchObject({ errorClass: 'network', status: undefined });
    handler = (request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"code"');
      setImmediate(() => request.socket.destroy());
    };
    expect(await failing(okx)).toMatchObject({ errorClass: 'network', status: 200 });
  });

  it('tells a refused connection', async () => {
    const error: unknown = await okx
      .ask(okxRequest, query, { origin: 'http://127.0.0.1:1' })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ errorClass: 'network', reason: 'ECONNREFUSED' });
  });

  it.each<[string, Handler]>([
    ['headers that never come', () => undefined],
    [
      'a body that drips for ever',
      (_, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 5);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('ends with the signal and its reason: %s', async (_, stalling) => {
    handler = stalling;
    const abort = new AbortController();
    const asked = okx.ask(okxRequest, query, { origin, signal: abort.signal });
    setTimeout(() => abort.abort(new Error('enough')), 30);
    await expect(asked).rejects.toThrow('enough');
  });

  it('keeps calls apart that run at the same time', async () => {
    handler = (request, response) => {
      const late = request.url?.includes('instId=ANY') === true;
      setTimeout(() => answering(late ? 429 : 200, late ? '{"code":"50011"}' : GOOD)(request, response), late ? 20 : 1);
    };
    const history = okxVenue.history!;
    const [rates, past] = await Promise.allSettled([
      okx.ask(okxRequest, query, { origin }),
      okx.ask(history, { list: 'swap', symbolId: 'BTC-USDT-SWAP', since: 0, until: 1, expected: 1 }, { origin }),
    ]);
    expect(rates.status).toBe('rejected');
    expect(past.status).toBe('fulfilled');
  });

  it('loads markets again after a failure: nothing of it sticks', async () => {
    const send = (request: Parameters<VenueClient['send']>[0]) => okx.send(request, { origin }, false);
    handler = answering(503, '');
    await expect(okx.fetchMarkets(send)).rejects.toMatchObject({ errorClass: 'server' });
    handler = answering(
      200,
      JSON.stringify({
        code: '0',
        data: [
          {
            instId: 'BTC-USDT-SWAP',
            instType: 'SWAP',
            uly: 'BTC-USDT',
            settleCcy: 'USDT',
            ctType: 'linear',
            ctVal: '0.01',
            ctValCcy: 'BTC',
            state: 'live',
            tickSz: '0.1',
            lotSz: '1',
            minSz: '1',
          },
        ],
      }),
    );
    expect(await okx.fetchMarkets(send)).toEqual([
      { symbolId: 'BTC-USDT-SWAP', symbol: 'BTC/USDT:USDT', intervalHours: null },
    ]);
  });
});
