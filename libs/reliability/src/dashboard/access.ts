import { createHash, timingSafeEqual } from 'node:crypto';
import type { DashboardAuth } from './dashboard.options.js';

/** What is looked at of a request. */
export interface PageRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket?: { readonly remoteAddress?: string };
  /** What a guard put there. */
  readonly user?: unknown;
}

/** What somebody may do. */
export type Access =
  | { readonly kind: 'act'; readonly who: string }
  | { readonly kind: 'look'; readonly whyNot: string }
  | { readonly kind: 'sign-in' }
  | { readonly kind: 'refused'; readonly why: string };

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
/** Names under which a browser on this machine asks. Another one means that somebody else's name leads here. */
const OWN_NAMES = /^(localhost|[\w-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/** Who asks, after the application's own guard, if any, has let them pass. */
export function accessOf(request: PageRequest, auth: DashboardAuth | undefined): Access {
  if (auth === undefined) return accessOfNeighbour(request);
  if ('guard' in auth) return { kind: 'act', who: nameOf(request.user) };
  const given = /^Bearer\s+(.+)$/i.exec(single(request.headers['authorization']) ?? '')?.[1];
  return given !== undefined && same(given, auth.token) ? { kind: 'act', who: 'token' } : { kind: 'sign-in' };
}

/** Without any `auth` only this machine may look: over loopback, under a name of its own, not through a proxy. */
function accessOfNeighbour({ headers, socket }: PageRequest): Access {
  const peer = socket?.remoteAddress ?? '';
  const proxied = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  if (!LOOPBACK.test(peer) || proxied || !OWN_NAMES.test(single(headers['host']) ?? '')) {
    return {
      kind: 'refused',
      why: 'This page is served to the machine it runs on alone; set dashboard.auth for others.',
    };
  }
  return { kind: 'look', whyNot: 'Set dashboard.auth to act from here.' };
}

/** Whether a request that changes something was made by the page itself, not by another site in the same browser. */
export function isOfThePage({ headers }: PageRequest): boolean {
  const site = single(headers['sec-fetch-site']);
  return headers['x-reliability-page'] === '1' && (site === undefined || site === 'same-origin');
}

function nameOf(user: unknown): string {
  if (typeof user !== 'object' || user === null) return 'guard';
  const known = user as Readonly<Record<string, unknown>>;
  const name = [known['email'], known['username'], known['name'], known['sub'], known['id']].find(
    (value) => typeof value === 'string' && value !== '',
  );
  return typeof name === 'string' ? name.slice(0, 200) : 'guard';
}

/** In the same time whatever differs. */
function same(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

const single = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];
