import type { CanActivate, Type } from '@nestjs/common';
import { z } from 'zod';
import { parseOptions } from '../core/options.js';

/** Who may use the page. */
export type DashboardAuth =
  /** Whoever knows the token; it is typed on the page. At least 16 characters. */
  | { readonly token: string }
  /** Whoever the application's own guard lets pass. */
  | { readonly guard: Type<CanActivate> | CanActivate };

export interface DashboardOptions {
  /** Where the page is: `reliability` for `/reliability`. The application's global prefix comes before it. */
  readonly path: string;
  /** Without it the page is served to this machine alone, and shows without acting. */
  readonly auth?: DashboardAuth;
  /** What the page is headed with. Default `Reliability`. */
  readonly title?: string;
  /** Pages open at a time, 1 to 1,000. Default 16. */
  readonly maxReaders?: number;
  /** Between two looks at the state while a page is open, in ms, 100 to 60,000. Default 1,000. */
  readonly everyMs?: number;
}

const isGuard = (value: unknown): boolean =>
  typeof value === 'function' ||
  (typeof value === 'object' && value !== null && typeof (value as Partial<CanActivate>).canActivate === 'function');

const auth = z.union([
  z.strictObject({ token: z.string().min(16, 'must have at least 16 characters') }),
  z.strictObject({ guard: z.custom<Type<CanActivate> | CanActivate>(isGuard, 'must be a guard') }),
]);

export const dashboardOptions = z.strictObject({
  path: z.string().regex(/^\/?[\w~-][\w~./-]*$/, 'must be a path of letters, digits, ".", "-", "_", "~" and "/"'),
  auth: auth.optional(),
  title: z.string().min(1).max(80).default('Reliability'),
  maxReaders: z.int().min(1).max(1_000).default(16),
  everyMs: z.number().min(100).max(60_000).default(1_000),
});

export type ResolvedDashboardOptions = z.output<typeof dashboardOptions>;

/** @throws InvalidOptionsError naming every problem, without the token */
export function parseDashboardOptions(options: DashboardOptions): ResolvedDashboardOptions {
  return parseOptions(dashboardOptions, options, 'dashboard');
}
