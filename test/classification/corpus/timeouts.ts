import { once } from 'node:events';
import http from 'node:http';
import axios from 'axios';
import { Agent, request } from 'undici';
import { get } from '../clients.js';
import { aborted, failure, neverSent } from '../failure.js';

const STALLED = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"half":';

export const timeouts = [
  failure('timeout', 'fetch, AbortSignal.timeout', async (world) =>
    fetch(await world.silent(), { signal: AbortSignal.timeout(30) }),
  ),
  failure('timeout', 'node:http, AbortSignal.timeout', async (world) =>
    get(await world.silent(), { signal: AbortSignal.timeout(30) }),
  ),
  failure('timeout', 'undici, AbortSignal.timeout', async (world) =>
    request(await world.silent(), { signal: AbortSignal.timeout(30) }),
  ),
  failure('timeout', 'fetch, AbortSignal.timeout in mid-body', async (world) => {
    const response = await fetch(await world.answeringRaw(STALLED, 'hold'), { signal: AbortSignal.timeout(60) });
    await response.text();
  }),
  failure('timeout', 'axios, timeout', async (world) => axios.get(await world.silent(), { timeout: 30 })),
  failure('timeout', 'axios, timeout with clarified code', async (world) =>
    axios.get(await world.silent(), { timeout: 30, transitional: { clarifyTimeoutError: true } }),
  ),
  failure('timeout', 'undici, headers late', async (world) => request(await world.silent(), { headersTimeout: 30 })),
  failure('timeout', 'undici, body late', async (world) => {
    const { body } = await request(await world.answeringRaw(STALLED, 'hold'), { bodyTimeout: 30 });
    await body.text();
  }),
  failure(neverSent('timeout'), 'undici, connection not accepted', async (world) => {
    const dispatcher = new Agent({ connect: { timeout: 50 } });
    world.after(() => dispatcher.destroy());
    await request(`http://127.0.0.1:${await world.unacceptingPort()}/`, { dispatcher });
  }),
  failure('timeout', 'node:http, socket timeout turned into an error by its user', async (world) => {
    const outgoing = http.get(await world.silent(), { timeout: 30, agent: false });
    outgoing.on('timeout', () =>
      outgoing.destroy(Object.assign(new Error('socket timeout'), { code: 'ESOCKETTIMEDOUT' })),
    );
    const [error] = (await once(outgoing, 'error')) as [Error];
    throw error;
  }),
  failure('timeout', 'abort with a TimeoutError as reason', async (world) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException('too slow', 'TimeoutError')), 20);
    await get(await world.silent(), { signal: controller.signal });
  }),
  failure('timeout', 'events.once, AbortSignal.timeout', () =>
    once(new EventTarget(), 'never', { signal: AbortSignal.timeout(10) }),
  ),
];

const soon = () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  return controller.signal;
};

export const aborts = [
  failure(aborted, 'fetch, aborted by its caller', async (world) => fetch(await world.silent(), { signal: soon() })),
  failure(aborted, 'fetch, aborted before it began', async (world) =>
    fetch(await world.silent(), { signal: AbortSignal.abort() }),
  ),
  failure(aborted, 'node:http, aborted by its caller', async (world) => get(await world.silent(), { signal: soon() })),
  failure(aborted, 'undici, aborted by its caller', async (world) => request(await world.silent(), { signal: soon() })),
  failure(aborted, 'axios, aborted by its caller', async (world) =>
    axios.get(await world.silent(), { signal: soon() }),
  ),
  failure(aborted, 'fetch, aborted in mid-body', async (world) => {
    const response = await fetch(await world.answeringRaw(STALLED, 'hold'), { signal: soon() });
    await response.text();
  }),
  failure(aborted, 'throwIfAborted', () => AbortSignal.abort().throwIfAborted()),
];
