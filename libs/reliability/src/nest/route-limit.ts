import type { AnyClass } from './method-types.js';
import { type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { RateLimitSharing, RateLimiterOptions } from '../rate-limiter/rate-limiter.options.js';

/** A limit on what callers of a route may do. */
export interface RouteLimit extends Omit<RateLimiterOptions, 'mode'>, RateLimitSharing {
  /** A configured limiter instead of one of the route's own. */
  readonly policy?: string;
  /**
   * What is limited apart from each other: `ip` (default), `none` for all callers together, or a function of the
   * request's context, such as one that gives the tenant.
   */
  readonly key?: 'ip' | 'none' | ((context: ExecutionContext) => string | undefined);
  /** Permits that one request takes. Default 1. */
  readonly cost?: number | ((context: ExecutionContext) => number);
  /** Proxies of one's own in front of the application. Default 0: what the framework's own setting says. */
  readonly proxies?: number;
  /** Bits of an IPv6 address that are one client, 1 to 128. Default 64. */
  readonly ipv6Prefix?: number;
  /** Requests for which this is true are not limited. One that throws refuses the request, as do `key` and `cost`. */
  readonly skip?: (context: ExecutionContext) => boolean;
}

export const ROUTE_LIMIT = Symbol.for('marketprism.reliability.route-limit');

/** Limits the requests of a route, or of all routes of a controller, where `RateLimitGuard` is in use. */
export function LimitRoute(limit: RouteLimit): MethodDecorator & ClassDecorator {
  return SetMetadata(ROUTE_LIMIT, limit);
}

/** Takes a route, or all routes of a controller, out of what `RateLimitGuard` limits. */
export function SkipRateLimit(): MethodDecorator & ClassDecorator {
  return SetMetadata(ROUTE_LIMIT, 'skip');
}

/** The limits that `@LimitRoute` gives a controller and its routes, by `Class` and `Class.method`. */
export function routeLimitsOf(controller: AnyClass): [site: string, limit: RouteLimit][] {
  const found: [string, unknown][] = [[controller.name, Reflect.getMetadata(ROUTE_LIMIT, controller)]];
  for (let at = controller.prototype as object; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const key of Reflect.ownKeys(at)) {
      const handler: unknown = Object.getOwnPropertyDescriptor(at, key)?.value;
      if (typeof handler !== 'function') continue;
      found.push([`${controller.name}.${String(key)}`, Reflect.getMetadata(ROUTE_LIMIT, handler)]);
    }
  }
  return found.filter((entry): entry is [string, RouteLimit] => typeof entry[1] === 'object');
}
