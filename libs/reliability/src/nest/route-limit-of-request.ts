import type { ExecutionContext } from '@nestjs/common';
import { InvalidUseError } from '../core/errors.js';
import { clientKey, type ClientRequest } from './client-key.js';
import type { RouteLimit } from './route-limit.js';

/** Whose quota a request takes from; `undefined` for that of all callers together. @throws InvalidUseError */
export function keyOf(limit: RouteLimit, context: ExecutionContext, site: string): string | undefined {
  const { key = 'ip', proxies = 0, ipv6Prefix = 64 } = limit;
  if (key === 'none') return undefined;
  const ask = () => (key === 'ip' ? clientKey(requestOf(context), { proxies, ipv6Prefix }) : key(context));
  const found = asked(ask, site, 'key');
  if (found === undefined || (typeof found === 'string' && found !== '')) return found;
  throw new InvalidUseError('route limit', site, 'key', 'must give a non-empty string or undefined', found);
}

/** @throws InvalidUseError */
export function isSkipped({ skip }: RouteLimit, context: ExecutionContext, site: string): boolean {
  if (skip === undefined) return false;
  const found = asked(() => skip(context), site, 'skip');
  if (typeof found === 'boolean' || found === undefined) return found === true;
  throw new InvalidUseError('route limit', site, 'skip', 'must give true or false', found);
}

/** Permits that a request takes; `undefined` for the default. @throws InvalidUseError */
export function costOf({ cost }: RouteLimit, context: ExecutionContext, site: string): number | undefined {
  if (typeof cost !== 'function') return cost;
  const found = asked(() => cost(context), site, 'cost');
  if (typeof found === 'number' && found > 0 && found < Infinity) return found;
  throw new InvalidUseError('route limit', site, 'cost', 'must give a positive number', found);
}

/** What a function of the request's context gives. A limit that cannot be told is no leave to pass: it refuses. */
function asked(ask: () => unknown, site: string, what: string): unknown {
  let found: unknown;
  try {
    found = ask();
  } catch (error) {
    throw new InvalidUseError('route limit', site, what, 'the function threw', undefined, error);
  }
  // It is refused below; that it may be rejected too is not to end the process.
  if (found instanceof Promise) found.catch(() => undefined);
  return found;
}

function requestOf(context: ExecutionContext): ClientRequest {
  switch (context.getType<'http' | 'rpc' | 'ws' | 'graphql'>()) {
    case 'http':
      return context.switchToHttp().getRequest<ClientRequest>();
    case 'graphql': {
      const { req, request } =
        context.getArgByIndex<{ req?: ClientRequest; request?: ClientRequest } | undefined>(2) ?? {};
      return req ?? request ?? {};
    }
    case 'ws': {
      const client = context.switchToWs().getClient<object>();
      const { handshake } = client as { handshake?: { address?: string } };
      return { ip: handshake?.address, socket: Reflect.get(client, '_socket') as ClientRequest['socket'] };
    }
    case 'rpc':
      return {};
  }
}
