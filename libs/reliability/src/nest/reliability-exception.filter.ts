import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { throwError } from 'rxjs';
import { ReliabilityError } from '../core/errors.js';
import { type HttpAnswer, httpAnswer } from './http-answer.js';

/** A socket of either WebSocket platform. */
interface Client {
  /** socket.io only. */
  readonly handshake?: unknown;
  emit?(event: string, data: unknown): unknown;
  send?(data: string): unknown;
}

/**
 * Tells errors of this library in the form of the transport: HTTP status with `Retry-After`, `RateLimit` and
 * `RateLimit-Policy`; RPC and WebSocket error objects with code and wait; GraphQL `extensions`. Give it as `APP_FILTER`
 * or by `@UseFilters(ReliabilityExceptionFilter)`.
 */
@Injectable()
@Catch(ReliabilityError)
export class ReliabilityExceptionFilter implements ExceptionFilter<ReliabilityError> {
  private readonly logger = new Logger(ReliabilityExceptionFilter.name);

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: ReliabilityError, host: ArgumentsHost): unknown {
    const answer = httpAnswer(error);
    if (answer.status === 500) this.logger.error(error.message);
    switch (host.getType<'http' | 'rpc' | 'ws' | 'graphql'>()) {
      case 'http':
        return this.reply(host.switchToHttp().getResponse(), answer);
      case 'rpc':
        return throwError(() => ({ status: 'error', ...toldByMessage(answer) }));
      case 'ws':
        return tellClient(host.switchToWs().getClient(), host.switchToWs().getPattern(), answer);
      case 'graphql':
        return graphqlError(error, answer);
    }
  }

  private reply(response: unknown, { status, headers, body }: HttpAnswer): void {
    const { httpAdapter } = this.adapterHost;
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response);
      return;
    }
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, body, status);
  }
}

function toldByMessage({ body }: HttpAnswer) {
  const { message, code, retryAfterMs } = body;
  return { message, code, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function tellClient(client: Client, pattern: string, answer: HttpAnswer): void {
  const data = { status: 'error', ...toldByMessage(answer), cause: { pattern } };
  if (client.handshake === undefined && client.send !== undefined) {
    client.send(JSON.stringify({ event: 'exception', data }));
  } else client.emit?.('exception', data);
}

/** An error as GraphQL drivers show it: what is under `extensions` reaches the client. */
function graphqlError(cause: ReliabilityError, answer: HttpAnswer): Error {
  const { message, ...extensions } = toldByMessage(answer);
  return Object.assign(new Error(message, { cause }), { extensions });
}
