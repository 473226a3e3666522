import type { LoggerService, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { CollectorModule } from './collector.module.js';
import { Collector } from './collect/collector.js';
import type { CollectorConfig } from './config/collector.config.js';
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
  const app = await NestFactory.create<NestExpressApplication>(
    CollectorModule.forRoot(config, telemetry, controlStore),
    { logger, abortOnError: false },
  ).catch(async (error: unknown) => {
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
