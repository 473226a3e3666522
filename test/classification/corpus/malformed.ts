import { gunzipSync } from 'node:zlib';
import axios from 'axios';
import { request } from 'undici';
import { z } from 'zod';
import { get } from '../clients.js';
import { failure } from '../failure.js';

const head = (rest: string) => `HTTP/1.1 200 OK\r\n${rest}`;
const json = { 'content-type': 'application/json' };

export const malformed = [
  failure('data', 'node:http, the answer is not HTTP', async (world) =>
    get(await world.answeringRaw('ready.\r\n\r\n')),
  ),
  failure('data', 'fetch, the answer is not HTTP', async (world) => fetch(await world.answeringRaw('ready.\r\n\r\n'))),
  failure('data', 'undici, the answer is not HTTP', async (world) =>
    request(await world.answeringRaw('ready.\r\n\r\n')),
  ),
  failure('data', 'node:http, a content length that is no number', async (world) =>
    get(await world.answeringRaw(head('Content-Length: many\r\n\r\n'))),
  ),
  failure('data', 'node:http, a chunk size that is no number', async (world) =>
    get(await world.answeringRaw(head('Transfer-Encoding: chunked\r\n\r\nzz\r\n'))),
  ),
  failure('data', 'node:http, more headers than are read', async (world) =>
    get(await world.answeringRaw(head(`X: ${'x'.repeat(20_000)}\r\n\r\n`))),
  ),
  failure('data', 'undici, more headers than are read', async (world) =>
    request(await world.answeringRaw(head(`X: ${'x'.repeat(200_000)}\r\n\r\n`))),
  ),
  failure('data', 'fetch, JSON cut off', async (world) => {
    const response = await fetch(await world.answering(200, '{"rate": 0.00', json));
    await response.json();
  }),
  failure('data', 'fetch, HTML instead of JSON', async (world) => {
    const response = await fetch(await world.answering(200, '<html>Hello</html>', json));
    await response.json();
  }),
  failure('data', 'fetch, nothing instead of JSON', async (world) => {
    const response = await fetch(await world.answering(200, '', json));
    await response.json();
  }),
  failure('data', 'undici, JSON cut off', async (world) => {
    const { body } = await request(await world.answering(200, '[1, 2', json));
    await body.json();
  }),
  failure('data', 'fetch, gzip that is none', async (world) => {
    const response = await fetch(await world.answering(200, 'plain', { 'content-encoding': 'gzip' }));
    await response.text();
  }),
  failure('data', 'axios, gzip that is none', async (world) =>
    axios.get(await world.answering(200, 'plain', { 'content-encoding': 'gzip' })),
  ),
  failure('data', 'zlib, cut off', () => gunzipSync(Buffer.from('1f8b0800000000000003', 'hex'))),
  failure('data', 'zod, an answer of another shape', () => z.object({ rate: z.number() }).parse({ rate: null })),
  failure('data', 'axios, more than it was told to accept', async (world) =>
    axios.get(await world.answering(200, 'x'.repeat(100)), { maxContentLength: 10 }),
  ),
  failure('data', 'TextDecoder, no UTF-8', () => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from([0xff]))),
];

export const mistakes = [
  failure('client', 'fetch, no URL', () => fetch('not a url')),
  failure('client', 'new URL, no URL', () => new URL('not a url')),
  failure('client', 'undici, no URL', () => request('not a url')),
  failure('client', 'axios, no URL', () => axios.get('http://[bad')),
  failure('client', 'node:http, a space in the path', () => get('http://127.0.0.1/', { path: '/a b' })),
  failure('client', 'node:http, a protocol that it does not speak', () =>
    get('http://127.0.0.1/', { protocol: 'ftp:' }),
  ),
  failure('client', 'node:http, a header with a line break', () =>
    get('http://127.0.0.1/', { headers: { x: 'a\nb' } }),
  ),
  failure('client', 'node:http, a port beyond all ports', () => get('http://127.0.0.1/', { port: 70_000 })),
  failure('client', 'axios, a redirect loop', async (world) => {
    const url = await world.http((request, response) =>
      response.writeHead(302, { location: request.url ?? '/' }).end(),
    );
    await axios.get(url, { maxRedirects: 2 });
  }),
  failure('client', 'a method of undefined', () => (undefined as unknown as string).trim()),
  failure('client', 'a variable used before it exists', () => {
    const use = () => later;
    use();
    const later = 1;
    return later;
  }),
  failure('client', 'JSON.stringify of a cycle', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    return JSON.stringify(cycle);
  }),
];
