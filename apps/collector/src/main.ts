#!/usr/bin/env node
import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import type { LogLevel } from '@nestjs/common';
import { systemClock } from '@marketprism/reliability';
import { TracedLogger } from '@marketprism/reliability/opentelemetry';
import { Command, InvalidArgumentError } from 'commander';
import { createCollector, startCollector } from './app.js';
import type { CollectorConfig } from './config/collector.config.js';
import { ConfigError, loadConfig } from './config/load-config.js';
import { PAGE_PATH } from './http/live-page.js';
import { onceSummary } from './once-summary.js';
import { readTelemetry, type TelemetrySettings } from './telemetry/telemetry-settings.js';

/** Longest time that ending takes before the process ends regardless, in ms. */
const SHUTDOWN_CAP_MS = 30_000;
const DEFAULT_CONFIG = new URL('../../../config/collector.yaml', import.meta.url).pathname;

interface Options {
  readonly config: string;
  readonly data?: string;
  readonly once?: boolean;
  readonly json?: string;
  readonly port?: number;
}

const program = new Command('collector')
  .description('Collects perpetual-futures funding rates from many exchanges and loses none.')
  .option('--config <file>', 'configuration', DEFAULT_CONFIG)
  .option('--data <dir>', 'directory of the database and the market lists (default: from the configuration)')
  .option('--once', 'poll every venue once, store, write the summary and exit')
  .option('--json <file>', 'with --once: where to write the summary (default: standard output)')
  .option('--port <n>', 'port of /rates, /health and /metrics; 0 takes a free one', (text) => {
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('must be 0 to 65535');
    return Number(text);
  })
  .addHelpText(
    'after',
    '\nRows go through the stream on the server that NATS_URL names, else through a journal in --data, into the server or\n' +
      'cluster that CLICKHOUSE_URL names, else into an embedded database in --data. Both can be configured as well.',
  );

const loggerOf = ({ logs }: TelemetrySettings, logLevels: LogLevel[]) =>
  new TracedLogger({ json: logs === 'json', logLevels });

async function once(config: CollectorConfig, file: string | undefined): Promise<number> {
  const startedAt = systemClock.wallNow();
  const telemetry = readTelemetry(process.env);
  const logger = loggerOf(telemetry, ['warn', 'error', 'fatal']);
  const { app, collector } = await createCollector(config, logger, telemetry);
  // Waiting for a limiter's permit keeps no process alive.
  const alive = setInterval(() => undefined, 60_000);
  const polls = await collector.pollOnce();
  const drained = await collector.stop();
  clearInterval(alive);
  const summary = onceSummary(polls, startedAt, systemClock.wallNow(), drained);
  await app.close();
  const text = `${JSON.stringify(summary, null, 2)}\n`;
  if (file === undefined) process.stdout.write(text);
  else await writeFile(file, text);
  return drained && summary.rows > 0 ? 0 : 1;
}

async function serve(config: CollectorConfig): Promise<void> {
  const telemetry = readTelemetry(process.env);
  const logger = loggerOf(telemetry, ['log', 'warn', 'error', 'fatal']);
  const { app, url, metricsUrl } = await startCollector(config, logger, telemetry);
  process.stdout.write(
    `Collecting from ${Object.keys(config.venues).join(', ')} into ${config.data}\n` +
      `  rates    ${url}/rates/latest\n  health   ${url}/health\n  metrics  ${metricsUrl}\n` +
      `  page     ${url}/${PAGE_PATH}\n  end with Ctrl-C\n`,
  );
  let ending = false;
  const end = (signal: NodeJS.Signals): void => {
    if (ending) process.exit(130);
    ending = true;
    process.stdout.write(`${signal}: storing what was accepted; once more ends at once\n`);
    systemClock.schedule(SHUTDOWN_CAP_MS, () => process.exit(1));
    void app.close().then(() => process.exit(0));
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}

async function main(): Promise<void> {
  const options = program.parse().opts<Options>();
  const loaded = loadConfig(options.config);
  const config: CollectorConfig = {
    ...loaded,
    data: options.data ?? loaded.data,
    http: { ...loaded.http, port: options.port ?? loaded.http.port },
  };
  if (options.once === true) process.exit(await once(config, options.json));
  await serve(config);
}

main().catch((error: unknown) => {
  const text = error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
