import type { CanActivate, Type } from '@nestjs/common';
import { InvalidOptionsError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';

/** Characters below which a token can be guessed. */
export const SHORTEST_TOKEN = 16;

/** Who may use the admin API. */
export type AdminAuth =
  /**
   * Whoever sends `Authorization: Bearer <token>`: at least 16 characters, or a function that gives them when the
   * application starts.
   */
  | { readonly token: string | (() => string | Promise<string>) }
  /** Whoever a guard of yours lets in; `who` is read from the request's `user`. */
  | { readonly guard: Type<CanActivate> | CanActivate };

export interface AdminOptions {
  /** Default `reliability/admin`. */
  readonly path?: string;
  readonly auth: AdminAuth;
  /** Whether anything can be changed. Default false: it only shows. */
  readonly write?: boolean;
  /** Whether others than this machine are answered. Default false. */
  readonly allowRemote?: boolean;
  /** Longest body, in bytes; 1,000 to 10,000,000, default 65,536. */
  readonly maxBodyBytes?: number;
}

export interface ResolvedAdminOptions extends Required<AdminOptions> {}

const KNOWN = new Set(['path', 'auth', 'write', 'allowRemote', 'maxBodyBytes']);

/** @throws InvalidOptionsError naming every problem */
export function resolveAdminOptions(given: AdminOptions): ResolvedAdminOptions {
  const problems: OptionProblem[] = [];
  const add = (path: string, rule: string, value: unknown) => problems.push({ path: `admin.${path}`, rule, value });
  if (typeof given !== 'object' || given === null) {
    throw new InvalidOptionsError([{ path: 'admin', rule: 'must be an object', value: given }]);
  }
  for (const [key, value] of Object.entries(given)) if (!KNOWN.has(key)) add(key, 'is not an option', value);
  const { path = 'reliability/admin', auth, write = false, allowRemote = false, maxBodyBytes = 65_536 } = given;
  if (typeof path !== 'string' || !/^\/?[\w-]+(\/[\w-]+)*\/?$/.test(path)) {
    add('path', 'must be names of letters, digits, - and _, joined by /', path);
  }
  for (const [key, value] of Object.entries({ write, allowRemote })) {
    if (typeof value !== 'boolean') add(key, 'must be true or false', value);
  }
  if (!(Number.isInteger(maxBodyBytes) && maxBodyBytes >= 1_000 && maxBodyBytes <= 10_000_000)) {
    add('maxBodyBytes', 'must be a whole number from 1,000 to 10,000,000', maxBodyBytes);
  }
  checkAuth(auth, add);
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return { path: path.replace(/^\/|\/$/g, ''), auth, write, allowRemote, maxBodyBytes };
}

/** @throws InvalidOptionsError when the token is missing or too short; it is not shown */
export function checkToken(token: unknown): string {
  if (typeof token === 'string' && token.length >= SHORTEST_TOKEN && /^[\x21-\x7e]+$/.test(token)) return token;
  const rule = `must be at least ${SHORTEST_TOKEN} printable characters without spaces`;
  throw new InvalidOptionsError([{ path: 'admin.auth.token', rule, value: undefined }]);
}

function checkAuth(auth: unknown, add: (path: string, rule: string, value: unknown) => void): void {
  if (typeof auth !== 'object' || auth === null || (!('token' in auth) && !('guard' in auth))) {
    add('auth', 'must be { token } or { guard }: there is no access for everybody', auth);
    return;
  }
  const more = Object.keys(auth).filter((key) => key !== 'token' && key !== 'guard');
  if (more.length > 0 || ('token' in auth && 'guard' in auth))
    add('auth', 'must be either { token } or { guard }', more);
  if ('token' in auth && typeof auth.token !== 'function') {
    try {
      checkToken(auth.token);
    } catch (error) {
      add('auth.token', (error as InvalidOptionsError).problems[0]!.rule, undefined);
    }
  }
  if ('guard' in auth && !isGuard(auth.guard)) add('auth.guard', 'must be a guard, or the class of one', auth.guard);
}

function isGuard(guard: unknown): boolean {
  if (typeof guard === 'function') return typeof (guard as Type<CanActivate>).prototype?.canActivate === 'function';
  return typeof guard === 'object' && guard !== null && typeof (guard as CanActivate).canActivate === 'function';
}
