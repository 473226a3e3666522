import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Delivery } from '../faults/delivery.js';
import type { WireRequest } from '../venues/venue.js';
import { LOOPBACK, listenAgain, listenOnLoopback } from './free-port.js';
import { send, type Receipt } from './send.js';

const LONGEST_BODY = 65_536;
/** As common front ends: long enough that a polling client seldom meets a connection closed between two requests. */
const KEEP_ALIVE_MS = 75_000;

export interface HostBackend {
  /** Decides what a request gets. */
  readonly answer: (request: WireRequest, address: string) => Delivery;
  /** Told once for every request, when its fate is known. */
  readonly settled: (delivery: Delivery, receipt: Receipt) => void;
  readonly now: () => number;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const part = chunk as Buffer;
    length += part.length;
    if (length > LONGEST_BODY) throw new RangeError('request body over 64 KiB');
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** One host of a venue: a port on loopback that can be closed and opened again. */
export class HostServer {
  readonly id: string;
  private readonly backend: HostBackend;
  private readonly graceMs: number;
  private readonly stopping = new AbortController();
  private server: Server | null = null;
  private portNumber = 0;
  private refusingSince: number | null = null;
  private reopening: Promise<boolean> | null = null;

  constructor(id: string, backend: HostBackend, graceMs: number) {
    this.id = id;
    this.backend = backend;
    this.graceMs = graceMs;
  }

  get url(): string {
    return `http://${LOOPBACK}:${this.portNumber}`;
  }

  /** Epoch milliseconds since when connections are refused; null while they are accepted. */
  get closedAt(): number | null {
    return this.refusingSince;
  }

  async open(): Promise<void> {
    this.server = this.makeServer();
    this.portNumber = await listenOnLoopback(this.server, 0);
  }

  /** From now on connections are refused, and those that exist are reset. */
  refuse(now: number): void {
    this.refusingSince ??= now;
    this.server?.close();
    this.server?.closeAllConnections();
    this.server = null;
  }

  /** Accepts again on the same port. True once it does, false when the host was closed meanwhile. */
  accept(): Promise<boolean> {
    if (this.server !== null) return Promise.resolve(true);
    this.reopening ??= this.reopen().finally(() => {
      this.reopening = null;
    });
    return this.reopening;
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.reopening;
    const server = this.server;
    if (server === null) return;
    this.server = null;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }

  private async reopen(): Promise<boolean> {
    const server = this.makeServer();
    const open = await listenAgain(server, this.portNumber, this.stopping.signal);
    if (open) {
      this.server = server;
      this.refusingSince = null;
    }
    return open;
  }

  private makeServer(): Server {
    const server = createServer((request, response) => {
      void this.handle(request, response).catch(() => response.destroy());
    });
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.requestTimeout = 0;
    return server;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const url = new URL(request.url ?? '/', 'http://simulator.invalid');
    const wire: WireRequest = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      body,
      now: this.backend.now(),
    };
    const delivery = this.backend.answer(wire, request.socket.remoteAddress ?? '');
    const receipt = await send(response, delivery, {
      ms: this.graceMs,
      isOver: () => this.stopping.signal.aborted,
    });
    this.backend.settled(delivery, receipt);
  }
}
