#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from 'commander';
import { SCHEDULE_NAMES } from './faults/schedules.js';
import { InvalidInputError } from './problems.js';
import { startSimulator } from './simulator.js';
import type { SimulatorOptions } from './simulator.options.js';

const PARENT_CHECK_MS = 500;

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('not a number');
  return value;
}

function perVenue(text: string, previous: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const [venue = '', value = ''] = text.split('=', 2);
  return { ...previous, [venue]: number(value) };
}

const scheduleOrFile = (text: string): unknown =>
  (SCHEDULE_NAMES as readonly string[]).includes(text) ? text : { file: text };

const program = new Command('exchange-simulator')
  .description(
    'Eight crypto exchanges on loopback, each in its own wire format, with rate limits and a fault schedule.',
  )
  .option('--seed <n>', 'seed of the series and of the named schedules', number)
  .option('--venues <ids...>', 'which venues to serve (default: all)')
  .option('--symbols-per-venue <n>', 'perpetual contracts in a main list', number)
  .option('--hosts-per-venue <n>', 'ports per venue', number)
  .option('--settlement-ms <ms>', 'time between settlements', number)
  .option('--settlement-ms-by-venue <venue=ms>', 'the same for one venue; repeatable', perVenue)
  .addOption(
    new Option('--faults <schedule>', 'none, default, storm, or a YAML or JSON file').argParser(scheduleOrFile),
  )
  .option('--faults-duration-ms <ms>', 'length of the run that a named schedule is made for', number)
  .option('--limit-scale <factor>', 'multiplies every documented rate limit', number)
  .option('--limit-scale-by-venue <venue=factor>', 'the same for one venue; repeatable', perVenue)
  .option('--control-port <port>', 'port of the control API (default: a free one)', number)
  .option('--detached', 'go on when the parent process ends')
  .addHelpText(
    'after',
    '\nWhen every port is open one line of JSON is printed: {"event":"ready","control":"http://127.0.0.1:<port>",…}.' +
      '\nIt ends on SIGINT, SIGTERM and, unless detached, with its parent.',
  );

async function main(): Promise<void> {
  const { detached = false, ...options } = program.parse().opts<SimulatorOptions & { detached?: boolean }>();
  const simulator = await startSimulator(options);
  const parent = process.ppid;
  const stop = (): void => {
    clearInterval(watch);
    void simulator.close().then(() => process.exit(0));
  };
  const watch = setInterval(() => {
    if (process.ppid !== parent && !detached) stop();
  }, PARENT_CHECK_MS);
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  if (!detached) process.once('disconnect', stop);
  const ready = { event: 'ready', control: simulator.controlUrl, pid: process.pid, hosts: simulator.hosts() };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  process.send?.(ready);
}

main().catch((error: unknown) => {
  const text =
    error instanceof InvalidInputError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
