import net from 'node:net';
import axios from 'axios';
import { request } from 'undici';
import { get } from '../clients.js';
import { brokenAnyTime, failure, neverSent } from '../failure.js';
import type { World } from '../world.js';

const at = (port: number) => `http://127.0.0.1:${port}/`;
const refusing = async (world: World) => at(await world.closedPort());
const resetting = async (world: World) => at(await world.tcp((socket) => socket.resetAndDestroy()));
const resettingAfterRequest = async (world: World) =>
  at(await world.tcp((socket) => socket.once('data', () => socket.resetAndDestroy())));
const closingAfterRequest = async (world: World) =>
  at(await world.tcp((socket) => socket.once('data', () => socket.end())));
const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"half":';

/** Two addresses, both refusing, so that the client tries one after the other. */
const bothRefuse: net.LookupFunction = (_host, _options, done) =>
  done(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ]);

export const sockets = [
  failure(neverSent('network'), 'node:net, connection refused', async (world) => {
    const port = await world.closedPort();
    await new Promise((resolve, reject) => net.connect(port, '127.0.0.1', () => resolve(0)).on('error', reject));
  }),
  failure(neverSent('network'), 'node:http, connection refused', async (world) => get(await refusing(world))),
  failure(neverSent('network'), 'fetch, connection refused', async (world) => fetch(await refusing(world))),
  failure(neverSent('network'), 'undici, connection refused', async (world) => request(await refusing(world))),
  failure(neverSent('network'), 'axios, connection refused', async (world) => axios.get(await refusing(world))),
  failure(neverSent('network'), 'node:http, every address of a name refuses', async (world) =>
    get(`http://both.test:${await world.closedPort()}/`, { lookup: bothRefuse }),
  ),
  failure(neverSent('network'), 'node:http, no such unix socket', () =>
    get('http://x/', { socketPath: '/tmp/no-such.sock' }),
  ),
  failure(brokenAnyTime, 'node:http, reset on accept', async (world) => get(await resetting(world))),
  failure(brokenAnyTime, 'fetch, reset on accept', async (world) => fetch(await resetting(world))),
  failure(brokenAnyTime, 'undici, reset on accept', async (world) => request(await resetting(world))),
  failure(brokenAnyTime, 'axios, reset on accept', async (world) => axios.get(await resetting(world))),
  failure('network', 'node:http, reset after the request', async (world) => get(await resettingAfterRequest(world))),
  failure('network', 'fetch, reset after the request', async (world) => fetch(await resettingAfterRequest(world))),
  failure('network', 'undici, reset after the request', async (world) => request(await resettingAfterRequest(world))),
  failure('network', 'axios, reset after the request', async (world) => axios.get(await resettingAfterRequest(world))),
  failure('network', 'node:http, closed without an answer', async (world) => get(await closingAfterRequest(world))),
  failure('network', 'fetch, closed without an answer', async (world) => fetch(await closingAfterRequest(world))),
  failure('network', 'undici, closed without an answer', async (world) => request(await closingAfterRequest(world))),
  failure('network', 'node:http, reset in mid-body', async (world) => get(await world.answeringRaw(HALF, 'reset'))),
  failure('network', 'fetch, reset in mid-body', async (world) => {
    const response = await fetch(await world.answeringRaw(HALF, 'reset'));
    await response.text();
  }),
  failure('network', 'undici, reset in mid-body', async (world) => {
    const { body } = await request(await world.answeringRaw(HALF, 'reset'));
    await body.text();
  }),
  failure('network', 'axios, reset in mid-body', async (world) => axios.get(await world.answeringRaw(HALF, 'reset'))),
  failure('network', 'node:http, closed in mid-body', async (world) => get(await world.answeringRaw(HALF))),
  failure('network', 'fetch, closed in mid-body', async (world) => {
    const response = await fetch(await world.answeringRaw(HALF));
    await response.text();
  }),
  failure('network', 'node:net, written to after the other side is gone', async (world) => {
    const port = await world.tcp((socket) => socket.destroy());
    const socket = net.connect(port, '127.0.0.1');
    await new Promise((_resolve, reject) => {
      socket.on('error', reject);
      const write = () => {
        if (socket.destroyed) return;
        socket.write(Buffer.alloc(65_536));
        setTimeout(write, 2);
      };
      socket.on('connect', write);
      socket.on('close', () => socket.write('late', (error) => reject(error ?? new Error('written'))));
    });
  }),
];
