import { AsyncLocalStorage } from 'node:async_hooks';
import type { Exchange } from 'ccxt';
import type { SendOptions, TransportAnswer, TransportRequest } from './transport.js';
import { VenueTransport } from './transport.js';
import { classOfCcxt } from './failure.js';
import type { Market } from './market.js';
import { marketOf } from './market.js';
import type { Venue, VenueRequest } from './venue.js';
import { WireError } from './venue.js';
import { VenueError } from './venue-error.js';

/** The largest timer that Node keeps: ccxt's own timeout never decides anything. */
const NEVER_MS = 2_147_483_647;
const USER_AGENT = 'marketprism-collector';

/** How the requests of one call reach the venue. */
interface CallContext {
  send(request: TransportRequest): Promise<TransportAnswer>;
  /** The failure as it was, before ccxt gives it a class of its own. */
  failure: unknown;
  answer: TransportAnswer | undefined;
}

/** A read answer, with what its head said. */
export interface VenueAnswer<Result> {
  readonly value: Result;
  readonly host: string;
  /** The answer's Date header, in ms; whole seconds. */
  readonly date: number | null;
}

/** Where a request goes and what ends it. */
export interface Route {
  /** Origin to ask instead of the documented one. */
  readonly origin?: string;
  readonly signal?: AbortSignal;
}

/** One long-lived ccxt instance whose requests go through our own transport. */
export class VenueClient {
  readonly #exchange: Exchange;
  readonly #transport: VenueTransport;
  readonly #context = new AsyncLocalStorage<CallContext>();

  constructor(
    readonly venue: Venue,
    wallNow: () => number,
  ) {
    this.#transport = new VenueTransport(venue.id, venue.failures, wallNow);
    this.#exchange = venue.create({
      enableRateLimit: false,
      maxRetriesOnFailure: 0,
      timeout: NEVER_MS,
      number: String,
      userAgent: USER_AGENT,
    });
    this.#exchange.fetchImplementation = (url: string, init: CcxtRequest) => this.#fetch(url, init);
  }

  /**
   * Asks and reads one request.
   * @throws VenueError, or the signal's reason
   */
  async ask<Query, Result>(
    request: VenueRequest<Exchange, Query, Result>,
    query: Query,
    route: Route,
  ): Promise<VenueAnswer<Result>> {
    const send = (wire: TransportRequest): Promise<TransportAnswer> => this.send(wire, route, true);
    return this.#within(send, async (context) => {
      const body = await request.call(this.#exchange, query);
      const { answer } = context;
      if (answer === undefined) throw new WireError('nothing was asked');
      return { value: request.read(body, query), host: answer.host, date: answer.date };
    });
  }

  /**
   * The venue's contracts, by as many requests as ccxt needs, each sent by `send`.
   * @throws VenueError, or what `send` throws
   */
  async fetchMarkets(send: (request: TransportRequest) => Promise<TransportAnswer>): Promise<readonly Market[]> {
    const markets = await this.#within(send, () => this.#exchange.fetchMarkets());
    return markets.flatMap((market) => marketOf(this.venue, market) ?? []);
  }

  /** One HTTP exchange with the venue. */
  async send(request: TransportRequest, { origin, signal }: Route, quote: boolean): Promise<TransportAnswer> {
    const options: SendOptions = { quote, ...(signal !== undefined && { signal }) };
    return this.#transport.send({ ...request, url: this.#redirected(request.url, origin) }, options);
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #within<T>(send: CallContext['send'], work: (context: CallContext) => Promise<T>): Promise<T> {
    const context: CallContext = { send, failure: undefined, answer: undefined };
    try {
      return await this.#context.run(context, () => work(context));
    } catch (error) {
      throw context.failure ?? this.#classified(error, context);
    }
  }

  async #fetch(url: string, { method, headers, body }: CcxtRequest): Promise<Response> {
    const context = this.#context.getStore();
    if (context === undefined) throw new Error(`${this.venue.id}: a request outside of a call: ${url}`);
    try {
      const answer = await context.send({ url, method, headers: headers ?? {}, ...(body !== undefined && { body }) });
      context.answer = answer;
      return new Response(answer.text, { status: answer.status });
    } catch (error) {
      context.failure ??= error;
      throw error;
    }
  }

  #classified(error: unknown, { answer }: CallContext): VenueError {
    const message = error instanceof Error ? error.message : String(error);
    return new VenueError(error instanceof WireError ? `unusable answer: ${message}` : message.slice(0, 300), {
      venue: this.venue.id,
      errorClass: error instanceof WireError ? 'data' : classOfCcxt(error),
      reason: error instanceof Error ? error.name : 'unknown',
      ...(answer !== undefined && { host: answer.host, status: answer.status }),
      cause: error,
    });
  }

  /**
   * The same path at another origin. A second API of the venue, with a host of its own, stays where it is as long as
   * the first is at its documented place.
   */
  #redirected(url: string, origin: string | undefined): string {
    if (origin === undefined) return url;
    const target = new URL(url);
    const { hosts } = this.venue;
    if (hosts.includes(origin) && !hosts.includes(target.origin)) return url;
    const base = new URL(origin);
    return `${base.origin}${base.pathname.replace(/\/$/, '')}${target.pathname}${target.search}`;
  }
}

interface CcxtRequest {
  readonly method: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}
