import type { LoggerService, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { CollectorModule } from './collector.module.js';
import { Collector } from './collect/collector.js';
import type { CollectorConfig } from './config/collector.config.js';

export interface RunningCollector {
  readonly app: NestExpressApplication;
  readonly collector: Collector;
  /** Where it can be read: `http://127.0.0.1:3000`. */
  readonly url: string;
}

/** Makes the application: database open, earlier state restored, nothing asked of any venue yet. */
export async function createCollector(
  config: CollectorConfig,
  logger: LogLevel[] | LoggerService | false = ['log', 'warn', 'error', 'fatal'],
): Promise<{ readonly app: NestExpressApplication; readonly collector: Collector }> {
  const app = await NestFactory.create<NestExpressApplication>(CollectorModule.forRoot(config), {
    logger,
    abortOnError: false,
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
): Promise<RunningCollector> {
  const { app, collector } = await createCollector(config, logger);
  await app.listen(config.http.port, config.http.host);
  collector.start();
  return { app, collector, url: await app.getUrl() };
}
