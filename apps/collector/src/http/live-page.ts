import type { DashboardOptions } from '@marketprism/reliability';

/** Where the live page is. */
export const PAGE_PATH = 'reliability';

/**
 * The live page of the collector's policies. With `DASHBOARD_TOKEN` set (at least 16 characters) whoever types it may
 * look and act, from anywhere; without it the page is served to this machine alone and only shows.
 */
export function livePage(environment: NodeJS.ProcessEnv): DashboardOptions {
  const token = environment['DASHBOARD_TOKEN'];
  return {
    path: PAGE_PATH,
    title: 'Funding-rate collector',
    ...(token !== undefined && token !== '' && { auth: { token } }),
  };
}
