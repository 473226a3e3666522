import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { EndpointRef } from '../core/endpoint.js';

/**
 * Looks whether an endpoint is well. `false` or an error means that it is not; anything else, that it is. Must stop when
 * the signal is aborted.
 */
export type HealthProbe = (endpoint: EndpointRef, signal: AbortSignal) => unknown;

/**
 * Asks by HTTP, on a connection of its own; a status from 200 to 399 is well.
 * @throws TypeError when the endpoint has no URL
 */
export function httpProbe(path: string): HealthProbe {
  return (endpoint, signal) => {
    const url = new URL(path, endpoint.url);
    const { request } = url.protocol === 'https:' ? https : http;
    return new Promise<boolean>((resolve, reject) => {
      const sent = request(url, { method: 'GET', agent: false, signal }, (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        response.once('end', () => resolve(status >= 200 && status < 400));
        response.once('error', reject);
      });
      sent.once('error', reject);
      sent.end();
    });
  };
}

/**
 * Opens a connection and closes it.
 * @throws TypeError when the endpoint has no URL with a port
 */
export const tcpProbe: HealthProbe = (endpoint, signal) => {
  const { hostname, port, protocol } = new URL(endpoint.url ?? '');
  const number = port === '' ? DEFAULT_PORTS.get(protocol) : Number(port);
  if (number === undefined) throw new TypeError(`Endpoint "${endpoint.id}" has no port: ${endpoint.url}`);
  return new Promise<boolean>((resolve, reject) => {
    const socket = net.connect({ host: hostname.replace(/^\[|\]$/g, ''), port: number, signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
};

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http:', 80],
  ['https:', 443],
  ['redis:', 6379],
  ['nats:', 4222],
]);
