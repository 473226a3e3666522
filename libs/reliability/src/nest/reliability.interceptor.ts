import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  mixin,
  type NestInterceptor,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingHttpHeaders } from 'node:http';
import { Observable, tap } from 'rxjs';
import type { Link } from '../chain/link.js';
import { type Ambient, handDown } from '../core/ambient.js';
import { isReliabilityError } from '../core/errors.js';
import { parseOptions } from '../core/options.js';
import { PolicyRegistry } from '../manager/policy-registry.js';
import { rateLimitHeaders } from '../rate-limiter/rate-limit-headers.js';
import { RateLimiter } from '../rate-limiter/rate-limiter.js';
import { RETRY_ATTEMPT_HEADER, withinRetryHop } from '../retry/retry-hop.js';
import { ofCallersQuota } from './callers-quota.js';
import { watchDisconnect } from './client-disconnect.js';
import { readDeadline } from './deadline-header.js';
import { HandlerChains } from './handler-chains.js';
import { handlerOptions, type HandlerOptions, type ResolvedHandlerOptions } from './handler-options.js';
import { protectedMethodOf } from './protect-method.js';
import { MODULE_OPTIONS_TOKEN, type ReliabilityModuleOptions } from './reliability.module-definition.js';
import { ReliabilityRuntime } from './reliability-runtime.js';

/**
 * Around handlers: applies a configured chain to those that have no decorators of their own, takes the deadline from
 * the request, repeats nothing for a caller who repeats the request himself, aborts what is done for a client that hangs up, and tells clients where they stand with the limit.
 * Give it as `APP_INTERCEPTOR`, by `@UseInterceptors(ReliabilityInterceptor)` or, with the name of a chain,
 * `@UseInterceptors(ReliabilityInterceptor.for('okx'))`. A handler that is decorated too runs its chain once.
 */
@Injectable()
export class ReliabilityInterceptor implements NestInterceptor, OnModuleInit {
  protected readonly policy: HandlerOptions['policy'] | undefined;
  private readonly chains: HandlerChains;
  private readonly handlers: ResolvedHandlerOptions;

  constructor(
    private readonly runtime: ReliabilityRuntime,
    private readonly registry: PolicyRegistry,
    private readonly adapterHost: HttpAdapterHost,
    @Inject(MODULE_OPTIONS_TOKEN) { handlers = {} }: ReliabilityModuleOptions,
  ) {
    this.chains = new HandlerChains(registry);
    this.handlers = parseOptions(handlerOptions, handlers, 'handlers');
    this.policy = handlers.policy;
  }

  /** An interceptor that applies the chain of a name. */
  static for(policy: NonNullable<HandlerOptions['policy']>): Type<NestInterceptor> {
    class NamedReliabilityInterceptor extends ReliabilityInterceptor {
      protected override readonly policy = policy;
    }
    return mixin(NamedReliabilityInterceptor);
  }

  /** @throws ReliabilityError `UNKNOWN_POLICY`, before anything is asked for */
  onModuleInit(): void {
    if (typeof this.policy === 'string') this.registry.refer(this.policy, 'ReliabilityInterceptor');
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const site = `${context.getClass().name}.${context.getHandler().name}`;
    const decorated = protectedMethodOf(context.getHandler());
    const name = decorated === undefined ? this.nameFor(context) : undefined;
    // Nest keeps the async context in which a handler was asked for, so it is asked for within the request's.
    const handle = (): Observable<unknown> =>
      name === undefined
        ? next.handle()
        : this.chains.observe(name, site, context.getArgs(), () => next.handle() as Observable<unknown>);
    const limiter =
      decorated === undefined
        ? name === undefined
          ? undefined
          : this.chains.chain(name, site).links.find(isLimiter)
        : this.runtime.limiterOf(decorated);
    if (context.getType() !== 'http') return handle();
    return this.withinRequest(context, () => this.tellingLimit(context, handle(), limiter));
  }

  private nameFor(context: ExecutionContext): string | undefined {
    return typeof this.policy === 'function' ? this.policy(context) : this.policy;
  }

  /** Hands the client's deadline and its leaving down to everything that is called for it. */
  private withinRequest(context: ExecutionContext, handle: () => Observable<unknown>): Observable<unknown> {
    const { deadlineHeader, maxDeadlineMs, abortOnDisconnect } = this.handlers;
    const { clock } = this.registry.factory.capabilities;
    const request = context.switchToHttp().getRequest<{ headers?: IncomingHttpHeaders }>();
    const { headers = {} } = request;
    const leftMs =
      deadlineHeader === false ? undefined : readDeadline(headers[deadlineHeader.toLowerCase()], maxDeadlineMs);
    return new Observable((subscriber) => {
      const client = abortOnDisconnect ? watchDisconnect(context.switchToHttp().getResponse()) : undefined;
      const deadline = leftMs === undefined ? Infinity : clock.now() + leftMs;
      const ambient: Ambient = { deadline, clock, signal: client?.signal, tooLate: this.registry.stopped };
      const serve = () => handDown(ambient, () => handle().subscribe(subscriber));
      if (headers[RETRY_ATTEMPT_HEADER] === undefined) serve();
      else withinRetryHop(headers, serve);
      return () => client?.release();
    });
  }

  private tellingLimit(
    context: ExecutionContext,
    handled: Observable<unknown>,
    limiter: Link | undefined,
  ): Observable<unknown> {
    if (limiter === undefined || !this.handlers.rateLimitHeaders) return handled;
    const { policy, use } = limiter;
    if (!(policy instanceof RateLimiter) || use.key !== undefined) return handled;
    const headers = () => rateLimitHeaders(policy.name, policy.windows, policy.standing());
    const tell = () => {
      const response: unknown = context.switchToHttp().getResponse();
      if (this.adapterHost.httpAdapter.isHeadersSent(response)) return;
      for (const [name, value] of Object.entries(headers())) {
        this.adapterHost.httpAdapter.setHeader(response, name, value);
      }
    };
    return handled.pipe(
      tap({
        next: tell,
        error: (error: unknown) => {
          if (isReliabilityError(error) && error.code === 'RATE_LIMITED' && error.policy === policy.name) {
            ofCallersQuota(error, headers());
          } else tell();
        },
      }),
    );
  }
}

const isLimiter = ({ policy }: Link) => policy.type === 'rate-limiter';
