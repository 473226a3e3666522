import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ControlStore } from '@marketprism/control-store';
import type { ReliabilityModuleOptions } from '@marketprism/reliability';
import type { CollectorConfig } from '../config/collector.config.js';

const CONTROL_STORE = Symbol('CONTROL_STORE');

/**
 * Opens the control store that the configuration asks for; what it takes is loaded only then.
 * @throws ControlStoreError as a rejection
 */
export async function openControlStoreOf(
  { data, controlStore }: Pick<CollectorConfig, 'data' | 'controlStore'>,
  databaseUrl: string | undefined,
): Promise<ControlStore | undefined> {
  if (controlStore === null) return undefined;
  const { openControlStore } = await import('@marketprism/control-store');
  const { instance, keep } = controlStore;
  const given = controlStore.url ?? (databaseUrl === '' ? undefined : databaseUrl);
  if (given === undefined) await mkdir(data, { recursive: true });
  return openControlStore({ url: given ?? `file:${join(resolve(data), 'control.db')}`, instance, keep });
}

/** The options with the store as the place of versions, of the audit trail, and of alerts beside the other sinks. */
export function keptIn(store: ControlStore | undefined, options: ReliabilityModuleOptions): ReliabilityModuleOptions {
  if (store === undefined) return options;
  const { history, auditTrail, alerts } = store;
  if (options.alerts === undefined) return { ...options, history, auditTrail };
  const sinks = [...(options.alerts.sinks ?? [{ kind: 'log' as const }]), alerts];
  return { ...options, history, auditTrail, alerts: { ...options.alerts, sinks } };
}

/** Closes the store with the application. */
@Module({})
export class ControlStoreModule implements OnApplicationShutdown {
  constructor(@Inject(CONTROL_STORE) private readonly store: ControlStore | undefined) {}

  static of(store: ControlStore | undefined): DynamicModule {
    return { module: ControlStoreModule, providers: [{ provide: CONTROL_STORE, useValue: store }] };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store?.close();
  }
}
