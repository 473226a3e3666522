import { constants } from 'node:http2';
import { getHttp2 } from '../clients.js';
import { failure, neverSent } from '../failure.js';

export const http2 = [
  failure(neverSent('network'), 'node:http2, connection refused', async (world) =>
    getHttp2(`http://127.0.0.1:${await world.closedPort()}`),
  ),
  failure(neverSent('network'), 'node:http2, stream refused', async (world) =>
    getHttp2(await world.http2((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM))),
  ),
  failure('rateLimit', 'node:http2, stream ended with ENHANCE_YOUR_CALM', async (world) =>
    getHttp2(await world.http2((stream) => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM))),
  ),
  failure('server', 'node:http2, stream ended with INTERNAL_ERROR', async (world) =>
    getHttp2(await world.http2((stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR))),
  ),
  failure('network', 'node:http2, GOAWAY with an error while a request is under way', async (world) =>
    getHttp2(await world.http2((stream) => stream.session?.goaway(constants.NGHTTP2_PROTOCOL_ERROR))),
  ),
  failure('network', 'node:http2, connection lost while a request is under way', async (world) =>
    getHttp2(await world.http2((_stream, breakConnections) => breakConnections())),
  ),
  failure('network', 'node:http2, the other side is no HTTP/2 server', async (world) =>
    getHttp2((await world.answeringRaw('HTTP/1.1 400 Bad Request\r\n\r\n')).slice(0, -1)),
  ),
];
