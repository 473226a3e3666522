#!/usr/bin/env node
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReliabilityManager, systemClock } from '@marketprism/reliability';
import type { Database } from '@marketprism/store';
import { DATABASE, PIPELINE } from '../collector.tokens.js';
import { startCollector, type RunningCollector } from '../app.js';
import { PAGE_PATH } from '../http/live-page.js';
import type { Pipeline } from '../storage/pipeline.js';
import { auditVenue, type VenueAudit } from './auditor.js';
import { demoConfig, simulatorArguments } from './demo-config.js';
import { type DemoOptions, parseDemoOptions } from './demo.options.js';
import { freshnessOf, readFreshness, type Sample } from './freshness.js';
import { liveView } from './live-view.js';
import { noteworthy, QuietLogger } from './notes.js';
import { progressOf } from './progress.js';
import { protectionOf, type ProtectionCounts } from './protection.js';
import { recoveriesOf } from './recoveries.js';
import { type SimulatorProcess, startSimulatorProcess } from './simulator-process.js';
import { type DemoSummary, isClean, summaryOf, summaryText } from './summary.js';

const FRAME_MS = 500;
/** How often a reader looks at the latest rates, in ms. */
const READ_EVERY_MS = 1_000;
/** At the end, settlements that are known to be missing are filled for at most this long, in ms. */
const FILL_CAP_MS = 15_000;
/** What was accepted gets this long to be stored before it is compared, in ms. */
const DRAIN_CAP_MS = 120_000;

/**
 * Aborted by Ctrl-C, the second of which ends the process at once. The listeners stay: whoever restores the terminal's
 * cursor at the end would otherwise take a signal that was heard for one that nobody listens to.
 */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return controller.signal;
}

/** Shows progress until the time is over or Ctrl-C. */
async function watch(
  { app, collector, url }: RunningCollector,
  duration: number | undefined,
  interrupted: AbortSignal,
): Promise<Sample[]> {
  const manager = app.get(ReliabilityManager);
  const pipeline = app.get<Pipeline>(PIPELINE);
  const view = liveView(process.stdout);
  const startedAt = systemClock.now();
  const samples: Sample[] = [];
  const venues = [...venuesOf(collector)];
  let readAt = startedAt;
  const unsubscribe = manager.onAny((event) => {
    const line = noteworthy(event);
    if (line !== undefined) view.note(`${((systemClock.now() - startedAt) / 1_000).toFixed(1)} s  ${line}`);
  });
  for (;;) {
    const elapsedMs = systemClock.now() - startedAt;
    if (systemClock.now() - readAt >= READ_EVERY_MS) {
      readAt += READ_EVERY_MS;
      void readFreshness(url, venues, systemClock.wallNow()).then((read) => samples.push(...read));
    }
    const { written, queued } = pipeline.snapshot();
    view.show({
      elapsedMs,
      leftMs: duration === undefined ? undefined : Math.max(0, duration - elapsedMs),
      written: written.funding_observation + written.funding_settlement,
      queued,
      exchanges: progressOf(collector.pollers, manager.inspect(), systemClock.wallNow()),
    });
    if (interrupted.aborted || (duration !== undefined && elapsedMs >= duration)) break;
    await sleep(FRAME_MS, undefined, { signal: interrupted }).catch(() => undefined);
  }
  unsubscribe();
  view.end();
  return samples;
}

async function run(
  options: DemoOptions,
  simulator: SimulatorProcess,
  data: string,
  interrupted: AbortSignal,
): Promise<DemoSummary> {
  const config = demoConfig(simulator.hosts, data, options.port, options.nodes);
  const token = (process.env['DASHBOARD_TOKEN'] ??= randomBytes(12).toString('base64url'));
  const running = await startCollector(config, new QuietLogger());
  const { app, collector, url, metricsUrl } = running;
  const goodAnswers = new Map<string, number[]>();
  collector.observe(({ settings }, { ok, at }) => {
    if (!ok) return;
    const times = goodAnswers.get(settings.venue.id) ?? [];
    times.push(at);
    goodAnswers.set(settings.venue.id, times);
  });
  process.stdout.write(
    `Eight exchanges on ${simulator.hosts.length} ports, faults: ${options.faults}, seed ${options.seed}; rows go to ${data}\n` +
      `  rates    ${url}/rates/latest\n  health   ${url}/health\n  metrics  ${metricsUrl}\n` +
      `  page     ${url}/${PAGE_PATH}  token ${token}\n\n`,
  );
  const from = systemClock.wallNow();
  const samples = await watch(running, options.duration, interrupted);
  process.stdout.write('\nStoring what was accepted, then comparing it with what was served …\n\n');
  const to = systemClock.wallNow();
  const drained = await collector.stop(FILL_CAP_MS, DRAIN_CAP_MS);
  const snapshots = app.get(ReliabilityManager).inspect();
  const database = app.get<Database>(DATABASE);
  const audits = new Map<string, VenueAudit>();
  const counts = new Map<string, ProtectionCounts>();
  for (const id of venuesOf(collector)) {
    audits.set(id, await auditVenue(database, simulator.client, id, { from, to }));
    counts.set(id, protectionOf(snapshots, id));
  }
  const faults = await simulator.client.faults();
  const recoveries = recoveriesOf(faults, goodAnswers, to);
  const freshness = freshnessOf(samples, faults, (id) => simulator.hosts.filter(({ venue }) => venue === id).length);
  const observations = app.get<Pipeline>(PIPELINE).snapshot().written.funding_observation;
  await app.close();
  const facts = { seed: options.seed, faults: options.faults, durationMs: to - from, observations, drained, freshness };
  return summaryOf(facts, audits, counts, recoveries);
}

function venuesOf({ pollers }: RunningCollector['collector']) {
  return new Set(pollers.map(({ settings }) => settings.venue.id));
}

async function main(): Promise<number> {
  const options = parseDemoOptions(process.argv);
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'marketprism-demo-')));
  const simulator = await startSimulatorProcess(simulatorArguments(options));
  try {
    const summary = await run(options, simulator, data, interruption());
    process.stdout.write(`${summaryText(summary)}\n`);
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(summary, null, 2)}\n`);
    return isClean(summary) ? 0 : 1;
  } finally {
    await simulator.stop();
    if (options.data === undefined) await rm(data, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
