import type { IncomingMessage, ServerResponse } from 'node:http';

/** What is looked at of a request, on any platform. */
export interface AdminRequest {
  readonly headers: IncomingMessage['headers'];
  readonly body?: unknown;
  readonly user?: unknown;
  readonly raw?: IncomingMessage;
  readonly socket?: IncomingMessage['socket'];
}

/** The request of Node below that of the platform. */
export const rawOf = (request: AdminRequest): IncomingMessage => request.raw ?? (request as unknown as IncomingMessage);

/** The response of Node below that of the platform. */
export const rawResponseOf = (response: { readonly raw?: ServerResponse }): ServerResponse =>
  response.raw ?? (response as unknown as ServerResponse);

/** The address at the other end of the connection. What headers say of it is not believed. */
export const peerOf = (request: AdminRequest): string => rawOf(request).socket.remoteAddress ?? '';

/** Whether an address is this machine: IPv4 127/8, IPv6 ::1, or the former within the latter; a Unix socket has none. */
export function isLoopback(address: string): boolean {
  return address === '' || address === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address);
}

/** Whether the host that was asked for is this machine by name: a page that has a name of its own lead here is not. */
export function asksForLoopback({ headers }: AdminRequest): boolean {
  const host = (headers.host ?? '').toLowerCase();
  const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d+$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || (name !== '' && isLoopback(name));
}

/** Whether a browser sends this for a page of another origin. */
export function isCrossOrigin({ headers }: AdminRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return true;
  const { origin } = headers;
  if (origin === undefined) return false;
  try {
    return new URL(origin).host !== headers.host?.toLowerCase();
  } catch {
    return true;
  }
}

/** Whether the body is declared to be JSON, which no form and no simple request of another origin can do. */
export function isJson({ headers }: AdminRequest): boolean {
  return /^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(headers['content-type'] ?? '');
}

/** Who a guard has let in, as far as the request says. */
export function whoIs({ user }: AdminRequest): string {
  if (typeof user === 'string' && user !== '') return user;
  if (typeof user === 'object' && user !== null) {
    for (const key of ['email', 'username', 'name', 'sub', 'id'] as const) {
      const value = (user as Record<string, unknown>)[key];
      if ((typeof value === 'string' && value !== '') || typeof value === 'number') return String(value);
    }
  }
  return 'guard';
}
