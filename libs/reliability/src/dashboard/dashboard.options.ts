import type { CanActivate, Type } from '@nestjs/common';
import { z } from 'zod';
import { SHORTEST_TOKEN } from '../admin/admin.options.js';
import { InvalidOptionsError } from '../core/errors.js';
import { parseOptions } from '../core/options.js';
import type { DashboardOptions } from '../nest/mount-options.js';
import { mountPath } from '../nest/mount-path.js';

const TOKEN_RULE = `must be at least ${SHORTEST_TOKEN} printable characters without spaces`;
const token = z.string().regex(new RegExp(`^[\\x21-\\x7e]{${SHORTEST_TOKEN},}$`), TOKEN_RULE);

const isGuard = (value: unknown): boolean =>
  typeof value === 'function' ||
  (typeof value === 'object' && value !== null && typeof (value as Partial<CanActivate>).canActivate === 'function');

const auth = z.union([
  z.strictObject({
    token: z.union([token, z.custom<() => string | Promise<string>>((value) => typeof value === 'function')]),
  }),
  z.strictObject({ guard: z.custom<Type<CanActivate> | CanActivate>(isGuard, 'must be a guard') }),
]);

const dashboardOptions = z.strictObject({
  path: mountPath(),
  auth: auth.optional(),
  title: z.string().min(1).max(80).default('Reliability'),
  maxReaders: z.int().min(1).max(1_000).default(16),
  everyMs: z.number().min(100).max(60_000).default(1_000),
});

export type ParsedDashboardOptions = z.output<typeof dashboardOptions>;

/** With the token as it is in force. */
export interface ResolvedDashboardOptions extends Omit<ParsedDashboardOptions, 'auth'> {
  readonly auth?: { readonly token: string } | { readonly guard: Type<CanActivate> | CanActivate };
}

/** @throws InvalidOptionsError naming every problem; a token is never shown */
export function parseDashboardOptions(options: DashboardOptions): ParsedDashboardOptions {
  try {
    return parseOptions(dashboardOptions, options, 'dashboard');
  } catch (error) {
    if (!(error instanceof InvalidOptionsError)) throw error;
    throw new InvalidOptionsError(
      error.problems.map((problem) => (problem.path.includes('auth') ? { ...problem, value: undefined } : problem)),
    );
  }
}

/** @throws InvalidOptionsError as a rejection when a function gives a token that is too short */
export async function resolveDashboardOptions(parsed: ParsedDashboardOptions): Promise<ResolvedDashboardOptions> {
  const { auth: given } = parsed;
  if (given === undefined || !('token' in given)) return { ...parsed, auth: given };
  const known = typeof given.token === 'function' ? await given.token() : given.token;
  if (token.safeParse(known).success) return { ...parsed, auth: { token: known } };
  throw new InvalidOptionsError([{ path: 'dashboard.auth.token', rule: TOKEN_RULE, value: undefined }]);
}
