import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ReliabilityControl } from '../manager/reliability-control.js';
import { ADMIN_OPTIONS } from './admin.constants.js';
import type { ResolvedAdminOptions } from './admin.options.js';
import { isNoted } from './noted.js';

/** What is needed of Express or Fastify before a request is parsed. */
interface Platform {
  use?(handler: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): void;
  addHook?(name: 'onRequest', handler: (request: RawHolder, reply: RawResponseHolder, done: () => void) => void): void;
}
interface RawHolder {
  readonly raw: IncomingMessage;
}
interface RawResponseHolder {
  readonly raw: ServerResponse;
}

/**
 * Writes to the audit trail what the platform refuses before a guard sees it: a body that cannot be parsed or is too
 * large, a route that does not exist. It is made before the platform's own parsers are put in place.
 */
@Injectable()
export class Unanswered {
  constructor(
    @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost | undefined,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
    @Inject(ReliabilityControl) private readonly control: ReliabilityControl,
  ) {
    const adapter = adapterHost?.httpAdapter;
    if (adapter === undefined || adapter === null) return;
    const platform = adapter.getInstance<Platform>();
    if (adapter.getType() === 'fastify') {
      platform.addHook?.('onRequest', (request, reply, done) => {
        this.watch(request.raw, reply.raw);
        done();
      });
    } else {
      platform.use?.((request, response, next) => {
        this.watch(request, response);
        next();
      });
    }
  }

  private watch(request: IncomingMessage, response: ServerResponse): void {
    if (!(request.url ?? '').includes(`/${this.options.path}`)) return;
    const via = `admin ${request.socket.remoteAddress ?? ''}`;
    response.once('finish', () => {
      if (response.statusCode < 400 || isNoted(request)) return;
      const what = `${request.method ?? ''} was answered with ${response.statusCode}`;
      this.control.refused(undefined, { who: 'unknown', via }, what);
    });
  }
}
