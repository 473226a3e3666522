import type { DynamicModule } from '@nestjs/common';
import { InvalidOptionsError, ReliabilityError } from '../core/errors.js';
import type { MountOptions } from './mount-options.js';

/** Extra options of the module, beside the policies. */
export const NOTHING_MOUNTED: MountOptions = { health: undefined, metrics: undefined, dashboard: undefined };

/**
 * A module with what is mounted. The rooms, and the optional packages that they need, are loaded only when asked for.
 * @throws InvalidOptionsError when the module is not global: what is mounted could not reach it
 */
export function withMounts(module: DynamicModule, { health, metrics, dashboard }: MountOptions): DynamicModule {
  if (module.global === false) assertNothing({ health, metrics, dashboard });
  const mounted = [
    ...(health === undefined ? [] : [mountHealth(health)]),
    ...(metrics === undefined ? [] : [mountMetrics(metrics)]),
    ...(dashboard === undefined ? [] : [mountDashboard(dashboard)]),
  ];
  return mounted.length === 0 ? module : { ...module, imports: [...(module.imports ?? []), ...mounted] };
}

function assertNothing(mounts: MountOptions): void {
  const asked = Object.entries(mounts).flatMap(([name, options]) => (options === undefined ? [] : [name]));
  if (asked.length === 0) return;
  throw new InvalidOptionsError([
    { path: 'isGlobal', rule: `must not be false with ${asked.join(', ')}`, value: false },
  ]);
}

async function mountHealth(options: NonNullable<MountOptions['health']>): Promise<DynamicModule> {
  const { ReliabilityHealthModule } = await import('../health/index.js');
  return ReliabilityHealthModule.mount(options);
}

async function mountMetrics(options: NonNullable<MountOptions['metrics']>): Promise<DynamicModule> {
  try {
    const { mountMetrics: mount } = await import('../prometheus/mount-metrics.js');
    return mount(options);
  } catch (error) {
    throw missing('metrics', ['@willsoto/nestjs-prometheus', 'prom-client'], error);
  }
}

async function mountDashboard(options: NonNullable<MountOptions['dashboard']>): Promise<DynamicModule> {
  const { DashboardModule } = await import('../dashboard/index.js');
  return DashboardModule.mount(options);
}

/** A missing optional package by its name; any other error as it is. */
function missing(option: string, packages: readonly string[], error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return error;
  const { message } = error as Error;
  const absent = packages.find((name) => message.includes(`'${name}'`));
  if (absent === undefined) return error;
  return new ReliabilityError(
    `The option "${option}" of ReliabilityModule needs the package "${absent}": npm install ${packages.join(' ')}`,
    { code: 'INVALID_OPTIONS', policyType: 'nest', policy: 'ReliabilityModule', cause: error },
  );
}
