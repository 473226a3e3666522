import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Agent, request as send } from 'undici';
import type { AnswerHead, FailureCodes } from './failure.js';
import { classOfTransport, failureOf } from './failure.js';
import { quoteNumbers } from './quote-numbers.js';
import { VenueError } from './venue-error.js';

/** Longest body that is read; the largest known answer is a twentieth of it. */
const MAX_BODY_BYTES = 64 * 1_024 * 1_024;
/** Ends what no deadline of a caller ended, in ms. */
const BACKSTOP_MS = 120_000;

export interface TransportRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface TransportAnswer extends AnswerHead {
  /** The origin that answered. */
  readonly host: string;
  /** The body, with its numbers quoted when that was asked for. */
  readonly text: string;
  /** The answer's Date header, in ms; whole seconds. */
  readonly date: number | null;
}

export interface SendOptions {
  readonly signal?: AbortSignal;
  /** Whether numbers in the body become strings of their digits. */
  readonly quote: boolean;
}

/**
 * The HTTP of one venue: connections of its own, the whole exchange including the body under the caller's signal, and
 * every failure as a {@link VenueError} whose class was decided by transport code, venue code and HTTP status.
 */
export class VenueTransport {
  readonly #dispatcher: Agent;

  constructor(
    private readonly venue: string,
    private readonly failures: FailureCodes,
    private readonly wallNow: () => number,
  ) {
    this.#dispatcher = new Agent({
      connections: 16,
      pipelining: 1,
      keepAliveTimeout: 20_000,
      connect: { timeout: 10_000 },
      headersTimeout: BACKSTOP_MS,
      bodyTimeout: BACKSTOP_MS,
      maxResponseSize: MAX_BODY_BYTES,
    });
  }

  /** @throws VenueError, or the signal's reason */
  async send(request: TransportRequest, { signal, quote }: SendOptions): Promise<TransportAnswer> {
    const host = new URL(request.url).origin;
    let head: AnswerHead | undefined;
    let body: string;
    try {
      const answer = await send(request.url, {
        dispatcher: this.#dispatcher,
        method: request.method,
        headers: { ...request.headers, 'accept-encoding': 'gzip' },
        body: request.body ?? null,
        ...(signal !== undefined && { signal }),
      });
      head = { status: answer.statusCode, headers: flat(answer.headers) };
      body = await plainText(Buffer.from(await answer.body.arrayBuffer()), head.headers['content-encoding']);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw this.#broken(error, host, head);
    }
    return this.#judged(body, host, head, quote);
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  #broken(error: unknown, host: string, head: AnswerHead | undefined): VenueError {
    const code = codeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    return new VenueError(
      `${host}: ${head === undefined ? 'no answer' : 'the answer broke off'} (${code ?? message})`,
      {
        venue: this.venue,
        host,
        errorClass: classOfTransport(code),
        ...(head !== undefined && { status: head.status }),
        reason: code ?? 'transport',
        cause: error,
      },
    );
  }

  #judged(body: string, host: string, head: AnswerHead, quote: boolean): TransportAnswer {
    let parsed: { value: unknown; text: string } | undefined;
    try {
      parsed = quoteNumbers(body);
    } catch {
      parsed = undefined;
    }
    const failure = failureOf(this.failures, head, parsed?.value, this.wallNow());
    if (failure !== undefined) {
      throw new VenueError(`${host}: ${failure.reason} (HTTP ${head.status})`, {
        venue: this.venue,
        host,
        status: head.status,
        ...failure,
      });
    }
    const date = Date.parse(head.headers['date'] ?? '');
    return {
      ...head,
      host,
      text: quote && parsed !== undefined ? parsed.text : body,
      date: Number.isNaN(date) ? null : date,
    };
  }
}

const unzip = promisify(gunzip);

async function plainText(body: Buffer, encoding: string | undefined): Promise<string> {
  const plain = encoding === 'gzip' ? await unzip(body, { maxOutputLength: MAX_BODY_BYTES }) : body;
  return plain.toString('utf8');
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) result[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return result;
}

/** The transport's code; connecting to several addresses at once reports the first of several errors. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errors, cause } = error as { code?: unknown; errors?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return codeOf(Array.isArray(errors) ? errors[0] : cause);
}
