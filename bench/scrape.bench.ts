import 'reflect-metadata';
import {
  BUILTIN_POLICIES,
  PolicyFactory,
  PolicyRegistry,
  ReliabilityManager,
  systemCapabilities,
} from '@marketprism/reliability';
import { bindMetrics } from '@marketprism/reliability/prometheus';
import { Gauge, Registry } from 'prom-client';
import { availableParallelism, cpus } from 'node:os';

const KINDS = { circuitBreaker: {}, rateLimit: {}, retry: { attempts: 1, classes: {} }, bulkhead: {} };

/** So many policies, all of which have been used. */
async function application(policies: number, kinds: object): Promise<Registry> {
  const count = policies / Object.keys(kinds).length;
  const named = Object.fromEntries(Array.from({ length: count }, (_, index) => [`dependency-${index}`, kinds]));
  const factory = new PolicyFactory(BUILTIN_POLICIES, systemCapabilities());
  const manager = new ReliabilityManager(new PolicyRegistry(factory, { policies: named }));
  const registry = new Registry();
  bindMetrics(registry, manager);
  for (const name of Object.keys(named)) {
    await manager.executeWithProtection(name, () => 1);
    await manager.executeWithProtection(name, () => Promise.reject(new Error('down'))).catch(() => undefined);
  }
  return registry;
}

/** The same series, held by prom-client itself: it only has to format them. */
async function heldByPromClient(ours: Registry): Promise<Registry> {
  const registry = new Registry();
  const gauges = new Map<string, Gauge>();
  for (const line of (await ours.metrics()).split('\n')) {
    const [, name, labels, value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const pairs = [...(labels ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, label, of]) => [label!, of!] as const);
    let gauge = gauges.get(name);
    if (gauge === undefined) {
      const labelNames = [...new Set(['policy', 'type', 'reason', 'le', ...pairs.map(([label]) => label)])];
      gauge = new Gauge({ name, help: name, labelNames, registers: [registry] });
      gauges.set(name, gauge);
    }
    gauge.set(Object.fromEntries(pairs), Number(value));
  }
  return registry;
}

const ROUNDS = 21;
const WARM_UP_ROUNDS = 5;

async function timed(registry: Registry): Promise<number> {
  const startedAt = process.hrtime.bigint();
  await registry.metrics();
  return Number(process.hrtime.bigint() - startedAt) / 1e6;
}

/** A scrape takes too long for the harness's rounds of many: here the two take turns, one scrape each. */
async function compare(title: string, kinds: object): Promise<void> {
  const ours = await application(1_000, kinds);
  const theirs = await heldByPromClient(ours);
  const series = (await ours.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  const rounds: { readonly ours: number; readonly theirs: number }[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    const times = { theirs: await timed(theirs), ours: await timed(ours) };
    if (round >= 0) rounds.push(times);
  }
  const middle = (values: readonly number[], share = 0.5) =>
    values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1) + 0.5)]!.toPrecision(3);
  const ratios = rounds.map((round) => round.ours / round.theirs);
  console.log(
    `### ${title}\n\n${series} series, ${(series / 1_000).toFixed(1)} a policy\n\n` +
      '| scrape | ms | × prom-client (p25–p75) |\n| --- | --- | --- |\n' +
      `| prom-client, formatting the same series | ${middle(rounds.map(({ theirs: ms }) => ms))} | 1 |\n` +
      `| ours, read and formatted | ${middle(rounds.map(({ ours: ms }) => ms))} | ` +
      `${middle(ratios)} (${middle(ratios, 0.25)}–${middle(ratios, 0.75)}) |\n`,
  );
}

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores\n`);
await compare('Scrape of 1,000 policies: breaker, limiter, retry, bulkhead', KINDS);
await compare('Scrape of 1,000 breakers', { circuitBreaker: {} });
