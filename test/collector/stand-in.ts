import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FixtureCase } from './fixtures.js';

/** A plain HTTP server in the place of a venue: answers recorded requests byte for byte, everything else with 404. */
export class StandIn {
  readonly asked: string[] = [];
  #cases: readonly FixtureCase[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        const url = new URL(request.url ?? '/', 'http://stand-in');
        this.asked.push(`${request.method} ${request.url} ${body}`.trim());
        const found = this.#cases.find(({ request: recorded }) => matches(recorded, request.method, url, body));
        response.writeHead(found?.status ?? 404, { 'content-type': 'application/json' });
        response.end(found?.bodyText ?? '{"error":"not recorded"}');
      });
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  serve(cases: readonly FixtureCase[]): void {
    this.#cases = cases;
    this.asked.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function matches(recorded: FixtureCase['request'], method: string | undefined, url: URL, body: string): boolean {
  if (recorded.method !== method || recorded.path !== url.pathname) return false;
  if (recorded.body !== undefined && recorded.body !== body) return false;
  const wanted = new URLSearchParams(recorded.query);
  wanted.sort();
  url.searchParams.sort();
  return wanted.toString() === url.searchParams.toString();
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
