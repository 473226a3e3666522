import { RELIABILITY_FAMILIES } from '@marketprism/reliability/prometheus';
import { STORE_FAMILIES } from '@marketprism/store/prometheus';
import { STREAM_FAMILIES } from '@marketprism/stream/prometheus';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COLLECTOR_FAMILIES } from '../../apps/collector/src/metrics/collector-families.js';

// Plain JavaScript, shared with `npm run docs`.
const { withMetrics } = jest.requireActual<{
  withMetrics: (page: string, tables: Readonly<Record<string, unknown>>) => string;
}>('../../docs/metrics-table.js');

const tables = {
  library: RELIABILITY_FAMILIES,
  stream: STREAM_FAMILIES,
  store: STORE_FAMILIES,
  collector: COLLECTOR_FAMILIES,
};
const families = Object.values(tables).flat();
/** As formatted or not: cells without padding, the rule below the head aside. */
const bare = (page: string) =>
  page
    .split('\n')
    .filter((line) => !/^\|[\s|-]+$/.test(line))
    .map((line) => line.replace(/\s*\|\s*/g, '|').trim())
    .filter((line) => line !== '')
    .join('\n');

describe('the tables of metrics', () => {
  it('are current (`npm run docs` writes them)', () => {
    const page = readFileSync(join(__dirname, '../../docs/metrics.md'), 'utf8');
    expect(bare(page)).toBe(bare(withMetrics(page, tables)));
  });

  it('have every metric that the operating guide speaks of', () => {
    const page = readFileSync(join(__dirname, '../../docs/operating.md'), 'utf8');
    const spoken = [...page.matchAll(/`((?:reliability|stream|store|collector)_[a-z_]+)`/g)].map(([, name]) => name!);
    expect(spoken.length).toBeGreaterThan(30);
    expect(spoken.filter((spokenOf) => families.every(({ name }) => name !== spokenOf))).toEqual([]);
  });

  it('list more than a hundred families, each once', () => {
    const names = families.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(100);
  });

  it('name metrics in base units, counters with _total', () => {
    for (const { name, kind, help } of families) {
      expect(name).toMatch(/^(reliability|stream|store|collector)_[a-z_]+$/);
      expect([name, name.endsWith('_total')]).toEqual([name, kind === 'counter']);
      expect(name).not.toMatch(/_(ms|milliseconds|minutes|percent|kb|mb)(_|$)/);
      expect(help).toMatch(/^[A-Z].*[^.]$/);
    }
  });

  it('give no family a name or a label that another would need to be told apart from it', () => {
    const shapes = families.map(
      ({ name, labels }) => [name.replace(/_total$/, ''), [...labels].sort().join()] as const,
    );
    expect(new Set(shapes.map(([name]) => name)).size).toBe(shapes.length);
    for (const { name, labels, kind } of families) {
      expect([name, new Set(labels).size]).toEqual([name, labels.length]);
      for (const label of labels) expect(label).toMatch(/^[a-z_]+$/);
      if (kind === 'histogram') expect(labels).not.toContain('le');
    }
  });
});
