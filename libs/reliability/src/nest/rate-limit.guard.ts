import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import type { Policy } from '../core/policy.js';
import { PolicyRegistry } from '../manager/policy-registry.js';
import { rateLimitHeaders, type TellableWindow } from '../rate-limiter/rate-limit-headers.js';
import { RateLimitedError } from '../rate-limiter/rate-limited-error.js';
import type { RateLimitDecision } from '../rate-limiter/rate-limit-decision.js';
import { rateLimiterPolicy } from '../rate-limiter/rate-limiter.js';
import { ofCallersQuota } from './callers-quota.js';
import { MODULE_OPTIONS_TOKEN, type ReliabilityModuleOptions } from './reliability.module-definition.js';
import { ReliabilityRuntime } from './reliability-runtime.js';
import { ROUTE_LIMIT, type RouteLimit } from './route-limit.js';
import { costOf, isSkipped, keyOf } from './route-limit-of-request.js';

/** Requests of no route's own limit share this limiter. */
const SHARED_ROUTES = 'routes';

/** A limiter as far as the guard needs it. One whose state is elsewhere gives its decision later. */
interface DecidingLimiter {
  readonly name: string;
  readonly windows: readonly TellableWindow[];
  decide(key?: string, cost?: number): RateLimitDecision | Promise<RateLimitDecision>;
}

/**
 * Refuses requests above a limit, by client: `@UseGuards(RateLimitGuard)` on routes, or as `APP_GUARD` for all. What
 * applies is said by `@LimitRoute` on the route or its controller, else by the module's `routeLimit`. Every answer has
 * `RateLimit` and `RateLimit-Policy`; a refusal is a `RateLimitedError`, which the exception filter answers with 429
 * and `Retry-After`.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly registry: PolicyRegistry,
    private readonly runtime: ReliabilityRuntime,
    private readonly reflector: Reflector,
    private readonly adapterHost: HttpAdapterHost,
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: ReliabilityModuleOptions,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const own = this.reflector.getAllAndOverride<RouteLimit | 'skip' | undefined>(ROUTE_LIMIT, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (own === 'skip' || this.registry.bypassed) return true;
    const limit = { ...this.options.routeLimit, ...own };
    const controller = context.getClass();
    const site = `${this.runtime.classNames.of(controller, controller.name)}.${context.getHandler().name}`;
    if (isSkipped(limit, context, site)) return true;
    const limiter = this.limiterOf(limit, own === undefined ? SHARED_ROUTES : `route ${site}`, site);
    const key = keyOf(limit, context, site);
    const decision = limiter.decide(key, costOf(limit, context, site));
    return decision instanceof Promise
      ? decision.then((later) => this.answer(context, limiter, key, later))
      : this.answer(context, limiter, key, decision);
  }

  private answer(
    context: ExecutionContext,
    { name, windows }: DecidingLimiter,
    key: string | undefined,
    decision: RateLimitDecision,
  ): true {
    const headers = rateLimitHeaders(name, windows, decision);
    this.setHeaders(context, headers);
    if (decision.admitted) return true;
    throw ofCallersQuota(new RateLimitedError(name, decision.reason ?? 'limit', decision.retryAfterMs, key), headers);
  }

  private limiterOf(limit: RouteLimit, name: string, site: string): DecidingLimiter {
    const { policy, key: _, cost: __, proxies: ___, ipv6Prefix: ____, skip: _____, ...options } = limit;
    if (policy !== undefined) {
      this.registry.assertKnown(policy, site);
      return this.registry.named(rateLimiterPolicy, policy) as Policy & DecidingLimiter;
    }
    const made = { ...options, mode: 'reject' };
    return this.registry.inline(rateLimiterPolicy, name, made, `@LimitRoute on ${site}`) as Policy & DecidingLimiter;
  }

  private setHeaders(context: ExecutionContext, headers: Readonly<Record<string, string>>): void {
    if (context.getType() !== 'http') return;
    const response: unknown = context.switchToHttp().getResponse();
    for (const [name, value] of Object.entries(headers)) this.adapterHost.httpAdapter.setHeader(response, name, value);
  }
}
