import { status as Status } from '@grpc/grpc-js';
import axios from 'axios';
import { ServiceUnavailableException } from '@nestjs/common';
import { CallTimeoutError, DeadlineExceededError } from '@marketprism/reliability';
import { calling, serving, status } from '../corpus/grpc.js';
import { venue } from '../corpus/venues.js';
import { get } from '../clients.js';
import { failure, neverSent } from '../failure.js';

export const services = [
  status(Status.ALREADY_EXISTS, 'ALREADY_EXISTS', 'client'),
  status(Status.OUT_OF_RANGE, 'OUT_OF_RANGE', 'client'),
  status(Status.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED', 'timeout'),
  status(
    Status.RESOURCE_EXHAUSTED,
    'RESOURCE_EXHAUSTED',
    { errorClass: 'rateLimit', retryable: false },
    {
      'grpc-retry-pushback-ms': 'never',
    },
  ),
  failure(neverSent('network'), 'gRPC, the connection is reset before HTTP/2 is spoken on it', async (world) => {
    const port = await world.tcp((socket) => setTimeout(() => socket.resetAndDestroy(), 30));
    await calling(world, `127.0.0.1:${port}`);
  }),
  failure(neverSent('network'), 'gRPC, the other side is no gRPC server', async (world) => {
    const { port } = new URL(await world.answeringRaw('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await calling(world, `127.0.0.1:${port}`);
  }),
  failure('timeout', 'gRPC, nobody accepts before the deadline', async (world) =>
    calling(world, `127.0.0.1:${await world.unacceptingPort()}`, { deadlineMs: 80 }),
  ),
  failure('client', 'gRPC, a method that the server does not have', async (world) => {
    const { address, server } = await serving(world, () => undefined);
    server.unregister('/rates.Rates/Get');
    await calling(world, address);
  }),
  venue('okx', 400, { code: '51001', msg: 'Instrument ID does not exist', data: [] }, 'client'),
  venue('okx', 200, { code: '50013', msg: 'System is busy, please try again later.', data: [] }, 'server'),
  venue('okx', 200, { code: '50004', msg: 'Endpoint request timeout', data: [] }, 'timeout'),
  venue('okx', 200, { code: '50113', msg: 'Invalid signature', data: [] }, 'auth'),
  venue('okx', 502, '<html>Bad Gateway</html>', 'server'),
  venue('binanceusdm', 400, { code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' }, 'auth'),
  venue('binanceusdm', 408, { code: -1007, msg: 'Timeout waiting for response from backend server.' }, 'timeout'),
  venue('binanceusdm', 401, { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' }, 'auth'),
  venue('binanceusdm', 500, { code: -1001, msg: 'Internal error; unable to process your request.' }, 'server'),
  venue('binanceusdm', 504, '<html>Gateway Time-out</html>', 'timeout'),
  venue('bybit', 200, { retCode: 10004, retMsg: 'Error sign' }, 'auth'),
  venue('bybit', 200, { retCode: 10001, retMsg: 'Request parameter error' }, 'client'),
  venue('bybit', 200, { retCode: 10018, retMsg: 'Exceeded the IP Rate Limit.' }, 'rateLimit'),
  venue('bybit', 500, '<html>Internal Server Error</html>', 'server'),
  venue('bitget', 400, { code: '40034', msg: 'Parameter does not exist' }, 'client'),
  venue('bitget', 200, { code: '40200', msg: 'Server upgrade, please try again later' }, 'server'),
  venue('bitget', 400, { code: '40012', msg: 'apikey/password is incorrect' }, 'auth'),
  venue('gate', 401, { label: 'INVALID_KEY', message: 'Invalid key provided' }, 'auth'),
  venue('gate', 400, { label: 'INVALID_PARAM_VALUE', message: 'Invalid value' }, 'client'),
  venue('gate', 500, { label: 'SERVER_ERROR', message: 'Internal server error' }, 'server'),
  venue('kucoinfutures', 200, { code: '200003', msg: 'Rate limit exceed' }, 'rateLimit'),
  venue('kucoinfutures', 400, { code: '400100', msg: 'Parameter Error' }, 'client'),
  venue('kucoinfutures', 500, { code: '500000', msg: 'Internal Server Error' }, 'server'),
  venue('krakenfutures', 503, '<html>Service Unavailable</html>', 'server'),
  venue('hyperliquid', 500, 'Internal Server Error', 'server'),
  venue('hyperliquid', 422, 'Failed to deserialize the JSON body', 'client'),
  venue(
    'htx',
    200,
    { status: 'error', 'err-code': 'base-request-exceed-frequency-limit', 'err-msg': 'too fast' },
    'rateLimit',
  ),
  venue('mexc', 429, { success: false, code: 510, message: 'Requests are too frequent' }, 'rateLimit'),
  venue('deribit', 400, { error: { message: 'too_many_requests', code: 10028 } }, 'rateLimit'),
  venue('deribit', 503, { error: { message: 'system_maintenance', code: 11051 } }, 'server'),
  venue('bingx', 429, { code: 100410, msg: 'rate limited' }, 'rateLimit'),
  failure('timeout', 'this library, an attempt over its time limit', () => {
    throw new CallTimeoutError('rates', 'Rates.fetch', 100);
  }),
  failure('timeout', 'this library, a call past its deadline', () => {
    throw new DeadlineExceededError('deadline', 'rates', 'Rates.fetch', false);
  }),
  failure('server', 'a Nest exception around status 429 says more than its cause', async (world) => {
    const url = await world.answering(429);
    throw new ServiceUnavailableException('busy', { cause: await axios.get(url).catch((error: unknown) => error) });
  }),
  failure('timeout', 'Promise.any, a timeout and a missing page', async (world) => {
    const [slow, missing] = [await world.silent(), await world.answering(404)];
    await Promise.any([fetch(slow, { signal: AbortSignal.timeout(20) }), axios.get(missing)]);
  }),
  failure('unknown', 'an error that is its own cause', () => {
    const error = new Error('round and round');
    error.cause = error;
    throw error;
  }),
  failure('unknown', 'an error whose properties throw', () => {
    throw new Proxy(new Error('shy'), {
      get: () => {
        throw new Error('do not look');
      },
    });
  }),
  failure('unknown', 'a thrown number', () => {
    throw 42;
  }),
  failure('network', 'a rejected reason that wraps in `error`', async (world) => {
    const url = await world.answeringRaw('', 'reset');
    const error: unknown = await get(url).catch((reason: unknown) => reason);
    throw { message: 'upload failed', error };
  }),
];
