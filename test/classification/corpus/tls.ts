import net from 'node:net';
import tls from 'node:tls';
import axios from 'axios';
import { get } from '../clients.js';
import { failure, neverSent } from '../failure.js';

export const secure = [
  failure(neverSent('network'), 'node:https, certificate signed by itself', async (world) =>
    get(`https://127.0.0.1:${await world.tls(world.certificate())}/`),
  ),
  failure(neverSent('network'), 'fetch, certificate signed by itself', async (world) =>
    fetch(`https://127.0.0.1:${await world.tls(world.certificate())}/`),
  ),
  failure(neverSent('network'), 'axios, certificate signed by itself', async (world) =>
    axios.get(`https://127.0.0.1:${await world.tls(world.certificate())}/`),
  ),
  failure(neverSent('network'), 'node:https, certificate expired', async (world) => {
    const certificate = world.certificate({ expired: true });
    await get(`https://127.0.0.1:${await world.tls(certificate)}/`, { ca: certificate.cert, servername: 'localhost' });
  }),
  failure(neverSent('network'), 'node:https, certificate of another host', async (world) => {
    const certificate = world.certificate({ host: 'elsewhere.test' });
    await get(`https://127.0.0.1:${await world.tls(certificate)}/`, { ca: certificate.cert });
  }),
  failure(neverSent('network'), 'node:https to a port that speaks plain HTTP', async (world) => {
    const { port } = new URL(await world.answering(200));
    await get(`https://127.0.0.1:${port}/`);
  }),
  failure(neverSent('network'), 'node:https, closed during the handshake', async (world) => {
    const port = await world.tcp((socket) => socket.once('data', () => socket.end()));
    await get(`https://127.0.0.1:${port}/`);
  }),
  failure(neverSent('network'), 'node:https, no protocol version in common', async (world) => {
    const port = await world.tls({ ...world.certificate(), minVersion: 'TLSv1.3' });
    await get(`https://127.0.0.1:${port}/`, { maxVersion: 'TLSv1.2', rejectUnauthorized: false });
  }),
  failure(neverSent('timeout'), 'node:tls, no handshake in time', async (world) => {
    const port = await world.tcp(() => undefined);
    const server = tls.createServer({ ...world.certificate(), handshakeTimeout: 30 });
    world.after(() => server.close());
    // The server's side of the same rule: a client that connects and never greets.
    await new Promise((_resolve, reject) => {
      server.on('tlsClientError', reject);
      server.listen(0, '127.0.0.1', () => {
        const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
        world.after(() => socket.destroy());
      });
      void port;
    });
  }),
];
