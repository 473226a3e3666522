import type { ErrorClass } from '@marketprism/reliability';
import {
  BadGatewayException,
  BadRequestException,
  ConflictException,
  ForbiddenException,
  GatewayTimeoutException,
  HttpException,
  ImATeapotException,
  InternalServerErrorException,
  NotFoundException,
  RequestTimeoutException,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import axios from 'axios';
import { errors } from 'undici';
import { fetchOk } from '../clients.js';
import { type Expected, failure } from '../failure.js';

const throughAxios = (status: number, expected: ErrorClass | Expected, headers: Record<string, string> = {}) =>
  failure(expected, `axios, status ${status}${headersShown(headers)}`, async (world) =>
    axios.get(await world.answering(status, '', headers)),
  );

const throughFetch = (status: number, expected: ErrorClass | Expected, headers: Record<string, string> = {}) =>
  failure(expected, `an error that carries a fetch response, status ${status}${headersShown(headers)}`, async (world) =>
    fetchOk(await world.answering(status, '', headers)),
  );

const headersShown = (headers: Record<string, string>) =>
  Object.entries(headers)
    .map(([name, value]) => `, ${name}: ${value}`)
    .join('');

const nest = (expected: ErrorClass, make: () => Error) =>
  failure(expected, `Nest, ${make().constructor.name}`, () => {
    throw make();
  });

export const statuses = [
  throughAxios(400, 'client'),
  throughAxios(401, 'auth'),
  throughAxios(403, 'auth'),
  throughAxios(404, 'client'),
  throughAxios(407, 'auth'),
  throughAxios(408, 'timeout'),
  throughAxios(409, 'client'),
  throughAxios(422, 'client'),
  throughAxios(429, 'rateLimit'),
  throughAxios(429, { errorClass: 'rateLimit', retryAfterMs: 7_000 }, { 'retry-after': '7' }),
  throughAxios(500, 'server'),
  throughAxios(501, { errorClass: 'server', retryable: false }),
  throughAxios(502, 'server'),
  throughAxios(503, 'server'),
  throughAxios(504, 'timeout'),
  throughAxios(
    503,
    { errorClass: 'server', retryAfterMs: 120_000 },
    {
      'retry-after': 'Wed, 21 Oct 2026 07:30:00 GMT',
      date: 'Wed, 21 Oct 2026 07:28:00 GMT',
    },
  ),
  throughAxios(503, { errorClass: 'server', retryable: false }, { 'x-should-retry': 'false' }),
  throughFetch(400, 'client'),
  throughFetch(401, 'auth'),
  throughFetch(404, 'client'),
  throughFetch(429, { errorClass: 'rateLimit', retryAfterMs: 1_500 }, { 'retry-after-ms': '1500' }),
  throughFetch(500, 'server'),
  throughFetch(520, 'server'),
  throughFetch(522, 'timeout'),
  throughFetch(524, 'timeout'),
  throughFetch(529, 'server'),
  failure('server', 'undici, an error for a status', () => {
    throw new errors.ResponseError('status', 502, { headers: {}, body: '' });
  }),
  nest('client', () => new BadRequestException()),
  nest('auth', () => new UnauthorizedException()),
  nest('auth', () => new ForbiddenException()),
  nest('client', () => new NotFoundException()),
  nest('timeout', () => new RequestTimeoutException()),
  nest('client', () => new ConflictException()),
  nest('client', () => new ImATeapotException()),
  nest('server', () => new InternalServerErrorException()),
  nest('server', () => new BadGatewayException()),
  nest('server', () => new ServiceUnavailableException()),
  nest('timeout', () => new GatewayTimeoutException()),
  failure('rateLimit', 'Nest, HttpException with status 429', () => {
    throw new HttpException('slow down', 429);
  }),
];
