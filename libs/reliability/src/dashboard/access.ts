import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type AdminRequest,
  asksForLoopback,
  isCrossOrigin,
  isJson,
  isLoopback,
  peerOf,
  whoIs,
} from '../admin/request-parts.js';
import type { ResolvedDashboardOptions } from './dashboard.options.js';

/** What somebody may do. */
export type Access =
  | { readonly kind: 'act'; readonly who: string }
  | { readonly kind: 'look'; readonly whyNot: string }
  | { readonly kind: 'sign-in' }
  | { readonly kind: 'refused'; readonly why: string };

/** Who asks, after the application's own guard, if any, has let them pass. */
export function accessOf(request: AdminRequest, auth: ResolvedDashboardOptions['auth']): Access {
  if (auth === undefined) return accessOfNeighbour(request);
  if ('guard' in auth) return { kind: 'act', who: whoIs(request) };
  const given = /^Bearer (\S{1,1024})$/.exec(request.headers.authorization ?? '')?.[1];
  return given !== undefined && same(given, auth.token) ? { kind: 'act', who: 'token' } : { kind: 'sign-in' };
}

/** Without any `auth` only this machine may look: over loopback, under a name of its own, not through a proxy. */
function accessOfNeighbour(request: AdminRequest): Access {
  const { headers } = request;
  const proxied = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  if (proxied || !isLoopback(peerOf(request)) || !asksForLoopback(request)) {
    return { kind: 'refused', why: 'This page is served to the machine it runs on alone; dashboard.auth opens it.' };
  }
  return { kind: 'look', whyNot: 'Only looking: dashboard.auth lets people act from here.' };
}

/** Why a request that changes something was not made by the page itself; `undefined` when it was. */
export function objectionTo(request: AdminRequest): string | undefined {
  if (isCrossOrigin(request) || request.headers['x-reliability-page'] !== '1') {
    return 'Actions are taken from the page alone.';
  }
  return isJson(request) ? undefined : 'The body must be application/json.';
}

/** In the same time whatever differs. */
function same(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
