import type { LoggerService, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ControlStore } from '@marketprism/control-store';
import type { ConfigSource } from '@marketprism/reliability';
import { CollectorModule } from './collector.module.js';
import { Collector } from './collect/collector.js';
import type { CollectorConfig } from './config/collector.config.js';
import { ConfigError } from './config/load-config.js';
import { openControlStoreOf } from './telemetry/control-store.module.js';
import { readTelemetry, type TelemetrySettings } from './telemetry/telemetry-settings.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';

export interface RunningCollector {
  readonly app: NestExpressApplication;
  readonly collector: Collector;
  /** Where it can be read: `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Where its metrics are: `http://127.0.0.1:3000/metrics`. */
  readonly metricsUrl: string;
}

/**
 * Makes the application: database open, earlier state restored, nothing asked of any venue yet.
 * @param telemetry default: as the environment says
 */
export async function createCollector(
  config: CollectorConfig,
  logger: LogLevel[] | LoggerService | false = ['log', 'warn', 'error', 'fatal'],
  telemetry: TelemetrySettings = readTelemetry(process.env),
): Promise<{ readonly app: NestExpressApplication; readonly collector: Collector }> {
  const controlStore = await openControlStoreOf(config, process.env['DATABASE_URL']);
  const app = await makeApplication(config, logger, telemetry, controlStore).catch(async (error: unknown) => {
    await controlStore?.close();
    throw error;
  });
  // Rates are never the same twice: a hash over every answer would be in vain.
  app.set('etag', false).set('x-powered-by', false);
  try {
    await app.init();
    const collector = app.get(Collector);
    await collector.restore();
    return { app, collector };
  } catch (error) {
    // The database was opened already, and only one process at a time may have it.
    await app.close().catch(() => undefined);
    throw error;
  }
}

async function makeApplication(
  config: CollectorConfig,
  logger: LogLevel[] | LoggerService | false,
  telemetry: TelemetrySettings,
  controlStore: ControlStore | undefined,
): Promise<NestExpressApplication> {
  const module = CollectorModule.forRoot(config, telemetry, controlStore, await protectionFile(config));
  return NestFactory.create<NestExpressApplication>(module, { logger, abortOnError: false });
}

/**
 * The file that the protection is read from while running, where there is one.
 * @throws ConfigError as a rejection when it cannot be read
 */
async function protectionFile({ reliability: { file } }: CollectorConfig): Promise<ConfigSource[]> {
  if (file === null) return [];
  const { FileConfigSource } = await import('@marketprism/reliability/config-file');
  const source = new FileConfigSource(file);
  await source.load().catch((error: unknown) => {
    throw new ConfigError(`reliability.file: ${error instanceof Error ? error.message : String(error)}`);
  });
  return [source];
}

/** Makes the application, serves it and collects until it is closed. */
export async function startCollector(
  config: CollectorConfig,
  logger?: LogLevel[] | LoggerService | false,
  telemetry?: TelemetrySettings,
): Promise<RunningCollector> {
  const { app, collector } = await createCollector(config, logger, telemetry);
  try {
    await app.listen(config.http.port, config.http.host);
    const url = await app.getUrl();
    const metricsUrl = await app.get(TelemetryModule).listen(config.http.host, url);
    collector.start();
    return { app, collector, url, metricsUrl };
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}
