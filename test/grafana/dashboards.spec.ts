import 'reflect-metadata';
import { RELIABILITY_FAMILIES } from '@marketprism/reliability/prometheus';
import { STORE_FAMILIES } from '@marketprism/store/prometheus';
import { STREAM_FAMILIES } from '@marketprism/stream/prometheus';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COLLECTOR_FAMILIES } from '../../apps/collector/src/metrics/collector-families.js';
import { build, endAll, start } from '../collector/built-demo.js';
import { describeWithEngines } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { prometheusServer, type PrometheusServer } from '../engines/prometheus.js';
import { BusyApplication } from './busy-application.js';
import type { Dashboard } from './dashboard.js';

const directory = join(__dirname, '../../deploy/grafana/dashboards');
const families = {
  library: RELIABILITY_FAMILIES,
  stream: STREAM_FAMILIES,
  store: STORE_FAMILIES,
  collector: COLLECTOR_FAMILIES,
};
// Plain JavaScript, shared with deploy/grafana/generate.js.
const { dashboardsOf } = jest.requireActual<{
  dashboardsOf: (tables: Readonly<Record<string, unknown>>) => Record<string, Dashboard>;
}>('../../deploy/grafana/dashboards.js');
const dashboards = Object.entries(dashboardsOf(families));
const queriesOf = ({ panels }: Dashboard) =>
  panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

describe('the dashboards', () => {
  it('are those that the code makes (`npm run docs` writes them)', () => {
    const onDisk = readdirSync(directory).map(
      (file) =>
        [file.replace('.json', ''), JSON.parse(readFileSync(join(directory, file), 'utf8')) as unknown] as const,
    );
    expect(Object.fromEntries(onDisk)).toEqual(JSON.parse(JSON.stringify(Object.fromEntries(dashboards))));
  });

  it.each(dashboards)('%s: is what Grafana takes for a dashboard', (_, { uid, schemaVersion, templating, panels }) => {
    expect(uid).toMatch(/^[a-z-]{1,40}$/);
    expect(schemaVersion).toBe(39);
    expect(templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = new Set<string>();
    for (const { type, gridPos, targets, datasource } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(cells.has(`${x},${y}`)).toBe(false);
          cells.add(`${x},${y}`);
        }
      if (type === 'row') continue;
      expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
      expect(targets!.length).toBeGreaterThan(0);
      expect(new Set(targets!.map(({ refId }) => refId)).size).toBe(targets!.length);
    }
  });

  it('have a panel for every family', () => {
    const all = dashboards.flatMap(([, dashboard]) => queriesOf(dashboard).map(({ expr }) => expr)).join('\n');
    const names = Object.values(families).flatMap((table) => table.map(({ name }) => name));
    expect(names.filter((name) => !all.includes(name))).toEqual([]);
  });
});

describeWithEngines(['prometheus'], 'the dashboards, on a Prometheus that scrapes the demo', () => {
  let data: string;
  let prometheus: PrometheusServer;
  const busy = new BusyApplication();

  beforeAll(async () => {
    await build();
    data = mkdtempSync(join(tmpdir(), 'grafana-'));
    const demo = start('demo/main.js', ['--faults', 'storm', '--seed', '3', '--data', join(data, 'demo')]);
    const url = (await demo.saying(/metrics +(http:\S+)/))[1]!;
    const busyAt = await busy.start(data);
    prometheus = await prometheusServer(join(data, 'prometheus'), { demo: new URL(url).host, busy: busyAt });
    await prometheus.start();
  }, 400_000);
  afterAll(async () => {
    await prometheus?.stop();
    await busy.close();
    await endAll();
    rmSync(data, { recursive: true, force: true });
  }, 60_000);

  it('scrapes both without an error', async () => {
    await eventually(async () => {
      const { activeTargets } = await prometheus.ask<{ activeTargets: { health: string; lastError: string }[] }>(
        'targets',
      );
      expect(activeTargets.map(({ health, lastError }) => [health, lastError])).toEqual([
        ['up', ''],
        ['up', ''],
      ]);
    }, 60_000);
  }, 90_000);

  it.each(dashboards)(
    '%s: every query returns data',
    async (_, dashboard) => {
      const empty = new Map(queriesOf(dashboard).map(({ title, expr }) => [expr, title]));
      await eventually(async () => {
        for (const expr of empty.keys()) {
          const series = await prometheus.range(substituted(expr, dashboard), 600);
          if (series.some(({ values }) => values.some(([, value]) => value !== 'NaN'))) empty.delete(expr);
        }
        expect([...empty].map(([expr, title]) => `${title}: ${expr}`)).toEqual([]);
      }, 150_000);
    },
    180_000,
  );
});

/** A query with the variables in it as they are when nothing has been chosen. */
function substituted(expr: string, { templating }: Dashboard): string {
  let query = expr.replaceAll('$__rate_interval', '10s');
  for (const { name, type, allValue, current } of templating.list) {
    if (type !== 'datasource') query = query.replaceAll(`$${name}`, allValue ?? String(current.value));
  }
  expect(query).not.toContain('$');
  return query;
}
