import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ReliabilityControl } from '../manager/reliability-control.js';
import { ADMIN_OPTIONS } from './admin.constants.js';
import type { ResolvedAdminOptions } from './admin.options.js';
import { isNoted } from './noted.js';

/**
 * Writes to the audit trail what the platform refuses before a guard sees it: a body that cannot be parsed or is too
 * large, a route that does not exist. It listens to the server itself, since a platform's parsers come before what a
 * module can put in place.
 */
@Injectable()
export class Unanswered implements OnModuleInit {
  constructor(
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
    @Inject(ReliabilityControl) private readonly control: ReliabilityControl,
  ) {}

  onModuleInit(): void {
    const server = this.adapterHost.httpAdapter?.getHttpServer() as Server | undefined;
    server?.on('request', (request, response) => this.watch(request, response));
  }

  private watch(request: IncomingMessage, response: ServerResponse): void {
    if (!(request.url ?? '').includes(`/${this.options.path}`)) return;
    const via = `admin ${request.socket.remoteAddress ?? ''}`;
    response.once('close', () => {
      if (response.statusCode < 400 || isNoted(request)) return;
      const what = `${request.method ?? ''} was answered with ${response.statusCode}`;
      this.control.refused(undefined, { who: 'unknown', via }, what);
    });
  }
}
