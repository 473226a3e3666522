import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import type { FaultInput } from '../faults/fault.schema.js';
import { InvalidInputError, messageOf, parseInput } from '../problems.js';
import type { Controlled } from '../simulator.types.js';
import { VENUE_IDS } from '../venues/venue.js';
import { LOOPBACK, listenOnLoopback } from './free-port.js';

const LONGEST_BODY = 4_000_000;
const time = z.coerce.number().int().min(0).optional();
const venueQuery = z.strictObject({ venue: z.enum(VENUE_IDS) });
const servedQuery = venueQuery.extend({
  from: time,
  to: time,
  origin: z.enum(['current', 'history']).optional(),
});
const publishedQuery = venueQuery.extend({ from: time, to: time, group: z.string().optional() });

interface Reply {
  readonly status: number;
  readonly content: unknown;
}

const ok = (content: unknown): Reply => ({ status: 200, content });
const notFound: Reply = { status: 404, content: { error: 'no such resource' } };

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > LONGEST_BODY) throw new InvalidInputError('Body', [`(whole): at most ${LONGEST_BODY} bytes`]);
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new InvalidInputError('Body', [`(whole): ${messageOf(cause)}`]);
  }
}

/** Tells what the simulator does and published, and changes its faults. Loopback only. */
export class ControlServer {
  private readonly simulator: Controlled;
  private readonly server: Server;
  private port = 0;

  constructor(simulator: Controlled) {
    this.simulator = simulator;
    this.server = createServer((request, response) => {
      void this.handle(request, response);
    });
  }

  get url(): string {
    return `http://${LOOPBACK}:${this.port}`;
  }

  async open(port: number): Promise<void> {
    this.port = await listenOnLoopback(this.server, port);
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, content } = await this.reply(request).catch((error: unknown): Reply => {
      if (error instanceof InvalidInputError) {
        return { status: 400, content: { error: error.message, problems: error.problems } };
      }
      return { status: 500, content: { error: messageOf(error) } };
    });
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(content));
  }

  private async reply(request: IncomingMessage): Promise<Reply> {
    const url = new URL(request.url ?? '/', 'http://control.invalid');
    const query = Object.fromEntries(url.searchParams);
    switch (`${request.method} ${url.pathname}`) {
      case 'GET /hosts':
        return ok(this.simulator.hosts());
      case 'GET /instruments':
        return ok(this.simulator.instruments(parseInput(venueQuery, query, 'Query').venue));
      case 'GET /served': {
        const { venue, ...rest } = parseInput(servedQuery, query, 'Query');
        return ok(this.simulator.served(venue, rest));
      }
      case 'GET /published': {
        const { venue, ...rest } = parseInput(publishedQuery, query, 'Query');
        return ok(this.simulator.published(venue, rest));
      }
      case 'GET /faults':
        return ok(this.simulator.faults());
      case 'POST /faults': {
        const body = await readJson(request);
        const inputs = (Array.isArray(body) ? body : [body]) as readonly FaultInput[];
        return { status: 201, content: this.simulator.addFaults(inputs) };
      }
      case 'GET /violations':
        return ok(this.simulator.violations());
      case 'GET /stats':
        return ok(this.simulator.stats());
      default:
        return this.endFault(request.method, url.pathname);
    }
  }

  private endFault(method: string | undefined, path: string): Reply {
    const id = /^\/faults\/([^/]+)$/.exec(path)?.[1];
    if (method !== 'DELETE' || id === undefined || !this.simulator.endFault(id)) return notFound;
    return { status: 204, content: null };
  }
}
