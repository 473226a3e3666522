import type { ResolvedChaosOptions } from './chaos.options.js';

/** What counts as production: an environment that says so, and one that says nothing. */
const PRODUCTION_LIKE = /^(?:prod|live)/i;

/**
 * Why chaos must not be on in an environment.
 * @param environment NODE_ENV
 * @returns `undefined` when it may
 */
export function whyForbidden(
  options: Pick<ResolvedChaosOptions, 'environments' | 'allowInProduction'>,
  environment: string | undefined,
): string | undefined {
  if (environment === undefined || environment === '') {
    return options.allowInProduction
      ? undefined
      : 'NODE_ENV is not set, which counts as production; set it, or allowInProduction';
  }
  if (PRODUCTION_LIKE.test(environment)) {
    return options.allowInProduction ? undefined : `NODE_ENV is "${environment}" and allowInProduction is not set`;
  }
  if (options.environments.includes(environment)) return undefined;
  return `NODE_ENV is "${environment}", which is not among the environments ${options.environments.join(', ')}`;
}
