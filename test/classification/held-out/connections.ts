import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { promises as dns } from 'node:dns';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import tls from 'node:tls';
import axios from 'axios';
import { Agent, Client, fetch as undiciFetch, ProxyAgent, request, RetryAgent, stream } from 'undici';
import { get, getHttp2 } from '../clients.js';
import { aborted, brokenAnyTime, type Failure, failure, neverSent } from '../failure.js';
import { resolving, withCode } from '../corpus/dns.js';

const HALF = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';

export const connections: readonly Failure[] = [
  failure('network', 'fetch, reset while the body is sent', async (world) => {
    const port = await world.tcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x'.repeat(5_000_000) });
  }),
  failure('network', 'axios, closed without an answer', async (world) => {
    const port = await world.tcp((socket) => socket.once('data', () => socket.end()));
    await axios.get(`http://127.0.0.1:${port}/`);
  }),
  failure('network', 'node:http, chunks that end too early', async (world) => get(await world.answeringRaw(HALF))),
  failure('network', 'fetch, chunks that end too early', async (world) => {
    const response = await fetch(await world.answeringRaw(HALF));
    await response.text();
  }),
  failure('network', 'undici.stream, reset in mid-body', async (world) => {
    const url = await world.answeringRaw(HALF, 'reset');
    await stream(url, { method: 'GET' }, () => new Writable({ write: (_chunk, _encoding, done) => done() }));
  }),
  failure('network', 'stream pipeline, source closed before its end', async () => {
    const source = new Readable({ read: () => undefined });
    setTimeout(() => source.destroy(), 5);
    await pipeline(source, new Writable({ write: (_chunk, _encoding, done) => done() }));
  }),
  failure('network', 'node:http, kept-alive connection reset when used again', async (world) => {
    const port = await world.tcp((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        socket.once('data', () => socket.resetAndDestroy());
      });
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    world.after(() => agent.destroy());
    await get(`http://127.0.0.1:${port}/`, { agent });
    await get(`http://127.0.0.1:${port}/`, { agent });
  }),
  failure('network', 'undici, client destroyed while a request is under way', async (world) => {
    const client = new Client(await world.silent());
    setTimeout(() => void client.destroy(), 30);
    await client.request({ path: '/', method: 'GET' });
  }),
  failure(neverSent('timeout'), 'fetch, connection not accepted', async (world) => {
    const dispatcher = new Agent({ connect: { timeout: 50 } });
    world.after(() => dispatcher.destroy());
    await undiciFetch(`http://127.0.0.1:${await world.unacceptingPort()}/`, { dispatcher });
  }),
  failure('timeout', 'fetch, headers late for its dispatcher', async (world) => {
    const dispatcher = new Agent({ headersTimeout: 30 });
    world.after(() => dispatcher.destroy());
    await undiciFetch(await world.silent(), { dispatcher });
  }),
  failure('timeout', 'fetch, body late for its dispatcher', async (world) => {
    const dispatcher = new Agent({ bodyTimeout: 30 });
    world.after(() => dispatcher.destroy());
    const response = await undiciFetch(await world.answeringRaw(HALF, 'hold'), { dispatcher });
    await response.text();
  }),
  failure('timeout', 'axios, AbortSignal.timeout', async (world) =>
    axios.get(await world.silent(), { signal: AbortSignal.timeout(30) }),
  ),
  failure('timeout', 'node:http2, AbortSignal.timeout', async (world) =>
    getHttp2(await world.http2(() => undefined), AbortSignal.timeout(30)),
  ),
  failure(aborted, 'node:http2, aborted by its caller', async (world) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    await getHttp2(await world.http2(() => undefined), controller.signal);
  }),
  failure(neverSent('auth'), 'undici, the proxy wants credentials', async (world) => {
    const proxy = await world.tcp((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')),
    );
    const dispatcher = new ProxyAgent(`http://127.0.0.1:${proxy}`);
    world.after(() => dispatcher.destroy());
    await request('https://rates.test/', { dispatcher });
  }),
  failure(neverSent('network'), 'undici, the proxy is not there', async (world) => {
    const dispatcher = new ProxyAgent(`http://127.0.0.1:${await world.closedPort()}`);
    world.after(() => dispatcher.destroy());
    await request('https://rates.test/', { dispatcher });
  }),
  failure('server', 'undici, its own retries used up by status 503', async (world) => {
    const dispatcher = new RetryAgent(new Agent(), { maxRetries: 1, minTimeout: 1, timeoutFactor: 1 });
    world.after(() => dispatcher.destroy());
    await request(await world.answering(503), { dispatcher });
  }),
  failure('data', 'undici, more than it was told to accept', async (world) => {
    const client = new Client(await world.answering(200, 'x'.repeat(100)), { maxResponseSize: 10 });
    world.after(() => client.destroy());
    const { body } = await client.request({ path: '/', method: 'GET' });
    await body.text();
  }),
  failure('client', 'undici, a body of another length than announced', async (world) =>
    request(await world.answering(200), { method: 'POST', body: 'abc', headers: { 'content-length': '2' } }),
  ),
  failure(brokenAnyTime, 'node:https, reset during the handshake', async (world) => {
    const port = await world.tcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await get(`https://127.0.0.1:${port}/`);
  }),
  failure(neverSent('network'), 'fetch, certificate expired', async (world) => {
    const certificate = world.certificate({ expired: true });
    const dispatcher = new Agent({ connect: { ca: certificate.cert } });
    world.after(() => dispatcher.destroy());
    await undiciFetch(`https://localhost:${await world.tls(certificate)}/`, { dispatcher });
  }),
  failure(neverSent('network'), 'undici, certificate of another host', async (world) => {
    const certificate = world.certificate({ host: 'elsewhere.test' });
    const dispatcher = new Agent({ connect: { ca: certificate.cert } });
    world.after(() => dispatcher.destroy());
    await request(`https://127.0.0.1:${await world.tls(certificate)}/`, { dispatcher });
  }),
  {
    ...failure('auth', 'node:tls, the server wants a certificate of the client', async (world) => {
      const port = await world.tls({
        ...world.certificate(),
        requestCert: true,
        rejectUnauthorized: true,
        maxVersion: 'TLSv1.2',
      });
      await new Promise((_resolve, reject) => {
        const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
        world.after(() => socket.destroy());
        socket.on('error', reject);
        socket.on('close', () => reject(new Error('closed without an error')));
      });
    }),
    misjudged: {
      as: 'network',
      because: 'TLS 1.2 says no more than "handshake failure", as it does when no cipher is in common',
    },
  },
  failure(neverSent('network'), 'node:tls, no cipher in common', async (world) => {
    const port = await world.tls({
      ...world.certificate(),
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    });
    await get(`https://127.0.0.1:${port}/`, {
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384',
    });
  }),
  failure(neverSent('network'), 'node:tls, a plain text server', async (world) => {
    const port = await world.tcp((socket) => socket.write('220 mail ready\r\n'));
    await new Promise((_resolve, reject) => {
      const socket = tls.connect({ port, host: '127.0.0.1' });
      world.after(() => socket.destroy());
      socket.on('error', reject);
    });
  }),
  failure('network', 'node:http2, stream cancelled by the server', async (world) =>
    getHttp2(await world.http2((stream) => stream.close(http2.constants.NGHTTP2_FLOW_CONTROL_ERROR))),
  ),
  failure(neverSent('network'), 'node:http2, a request on a closed session', async (world) => {
    const session = http2.connect(await world.http2((stream) => stream.respond()));
    session.on('error', () => undefined);
    session.destroy();
    session.request({ ':path': '/' });
  }),
  failure(neverSent('network'), 'node:http2, a request after GOAWAY', async (world) => {
    const session = http2.connect(await world.http2((stream) => stream.session?.goaway()));
    world.after(() => session.destroy());
    session.on('error', () => undefined);
    const first = session.request({ ':path': '/' });
    first.on('error', () => undefined);
    await new Promise((resolve) => {
      session.on('goaway', resolve);
    });
    session.request({ ':path': '/' });
  }),
  failure(neverSent('network'), 'DNS, the resolver finds the query malformed', (world) =>
    resolving(world, withCode(1)),
  ),
  failure(neverSent('network'), 'DNS, the resolver does not implement it', (world) => resolving(world, withCode(4))),
  failure(neverSent('network'), 'DNS, nobody at the resolver’s address', async (world) => {
    const resolver = new dns.Resolver({ timeout: 50, tries: 1 });
    resolver.setServers([`127.0.0.1:${await world.closedPort()}`]);
    await resolver.resolve4('rates.test');
  }),
  failure('client', 'DNS, a name that cannot be one', () => new dns.Resolver().resolve4(`${'x'.repeat(70)}.test`)),
  failure(neverSent('network'), 'node:net, a socket file that nobody serves', async () => {
    await new Promise((_resolve, reject) => net.connect('/tmp/no-such-folder/socket').on('error', reject));
  }),
];
