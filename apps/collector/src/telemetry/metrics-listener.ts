import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

/** Longest time that a scraper may take to send a request, in ms. */
const REQUEST_CAP_MS = 10_000;

/** Serves metrics, and nothing else, on a port of their own. */
export class MetricsListener {
  readonly #server: Server;

  constructor(
    private readonly registry: Pick<Registry, 'metrics' | 'contentType'>,
    private readonly path: string,
  ) {
    this.#server = createServer(
      { requestTimeout: REQUEST_CAP_MS, headersTimeout: REQUEST_CAP_MS },
      (request, response) => {
        void this.#answer(request, response);
      },
    );
    this.#server.maxConnections = 64;
  }

  /**
   * @param port 0 takes a free one
   * @returns where metrics are served: `http://127.0.0.1:9464/metrics`
   * @throws as a rejection: the system's error, when the port cannot be had
   */
  async listen(host: string, port: number): Promise<string> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    const { address, port: taken, family } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}${this.path}`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = url?.split('?', 1)[0];
    if (path !== this.path) return end(response, 404, `Not here; metrics are at ${this.path}\n`);
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return end(response, 405, 'Only GET\n');
    }
    try {
      const metrics = await this.registry.metrics();
      response.setHeader('Content-Type', this.registry.contentType);
      end(response, 200, method === 'HEAD' ? '' : metrics);
    } catch (error) {
      end(response, 500, `Metrics could not be collected: ${(error as Error).name}\n`);
    }
  }
}

function end(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(body);
}
