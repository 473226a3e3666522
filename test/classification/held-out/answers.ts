import { brotliDecompressSync } from 'node:zlib';
import {
  GoneException,
  HttpVersionNotSupportedException,
  MethodNotAllowedException,
  NotImplementedException,
  PayloadTooLargeException,
  PreconditionFailedException,
  UnprocessableEntityException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import axios from 'axios';
import type { ErrorClass } from '@marketprism/reliability';
import { request, interceptors, Agent } from 'undici';
import { get } from '../clients.js';
import { type Expected, failure } from '../failure.js';

const answered = (status: number, expected: ErrorClass | Expected, headers: Record<string, string> = {}) =>
  failure(
    expected,
    `undici, an error for status ${status}${Object.entries(headers)
      .map(([name, value]) => `, ${name}: ${value}`)
      .join('')}`,
    async (world) => {
      const dispatcher = new Agent().compose(interceptors.responseError());
      world.after(() => dispatcher.destroy());
      await request(await world.answering(status, '', headers), { dispatcher });
    },
  );

const nest = (expected: ErrorClass | Expected, make: () => Error) =>
  failure(expected, `Nest, ${make().constructor.name}`, () => {
    throw make();
  });

const head = (rest: string) => `HTTP/1.1 200 OK\r\n${rest}`;

export const answers = [
  answered(402, 'client'),
  answered(405, 'client'),
  answered(406, 'client'),
  answered(410, 'client'),
  answered(411, 'client'),
  answered(412, 'client'),
  answered(413, 'client'),
  answered(415, 'client'),
  answered(416, 'client'),
  answered(417, 'client'),
  answered(424, 'client'),
  answered(426, 'client'),
  answered(428, 'client'),
  answered(431, 'client'),
  answered(451, 'auth'),
  answered(507, 'server'),
  answered(508, 'server'),
  answered(511, 'auth'),
  answered(521, 'server'),
  answered(523, 'server'),
  answered(525, 'server'),
  answered(530, 'server'),
  answered(
    429,
    { errorClass: 'rateLimit', retryAfterMs: 30_000 },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' },
  ),
  answered(503, { errorClass: 'server', retryAfterMs: 2_500 }, { 'retry-after': '2.5' }),
  answered(400, 'client', { 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': '30' }),
  answered(409, { errorClass: 'client', retryable: true }, { 'x-should-retry': 'true' }),
  answered(503, 'server', { 'retry-after': 'soon' }),
  nest('client', () => new GoneException()),
  nest({ errorClass: 'server', retryable: false }, () => new HttpVersionNotSupportedException()),
  nest('client', () => new MethodNotAllowedException()),
  nest({ errorClass: 'server', retryable: false }, () => new NotImplementedException()),
  nest('client', () => new PayloadTooLargeException()),
  nest('client', () => new PreconditionFailedException()),
  nest('client', () => new UnprocessableEntityException()),
  nest('client', () => new UnsupportedMediaTypeException()),
  failure('data', 'node:http, a version of HTTP that does not exist', async (world) =>
    get(await world.answeringRaw('HTTP/9.x 200 OK\r\n\r\n')),
  ),
  failure('data', 'node:http, a header without a colon', async (world) =>
    get(await world.answeringRaw(head('no colon here\r\n\r\n'))),
  ),
  failure('data', 'undici, two content lengths', async (world) =>
    request(await world.answeringRaw(head('Content-Length: 1\r\nContent-Length: 2\r\n\r\nab'))),
  ),
  failure('data', 'fetch, a chunk size that is no number', async (world) => {
    const response = await fetch(await world.answeringRaw(head('Transfer-Encoding: chunked\r\n\r\nzz\r\n')));
    await response.text();
  }),
  failure('data', 'zlib, brotli that is none', () => brotliDecompressSync(Buffer.from('plain text, many a word long'))),
  failure('data', 'axios, JSON cut off, strictly parsed', async (world) =>
    axios.get(await world.answering(200, '{"a":', { 'content-type': 'application/json' }), {
      responseType: 'json',
      transitional: { silentJSONParsing: false },
    }),
  ),
  failure('data', 'a number that is none', () => BigInt('0.0001x')),
];
