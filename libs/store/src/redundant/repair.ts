import type { Database } from '../database.js';
import { BY_PARTITION, differingChunks, fingerprint, selectChunk, tablesOf, type TableShape } from '../fingerprint.js';
import { identifier, quoted } from '../parameters.js';

/** A partition in which two nodes differ. */
export interface Difference {
  readonly table: string;
  readonly partition: string;
}

const LONG_MS = 600_000;

/** Compares two nodes that stand still, table by table and partition by partition. */
export async function compareNodes(source: Database, target: Database): Promise<Difference[]> {
  const theirs = new Map((await tablesOf(target)).map((table) => [table.name, table]));
  const differences: Difference[] = [];
  for (const table of await tablesOf(source)) {
    const other = theirs.get(table.name);
    const left = await fingerprint(source, table, BY_PARTITION, { deadlineMs: LONG_MS });
    const right = other === undefined ? [] : await fingerprint(target, other, BY_PARTITION, { deadlineMs: LONG_MS });
    if (other === undefined && left.length === 0) differences.push({ table: table.name, partition: '' });
    for (const partition of differingChunks(left, right)) differences.push({ table: table.name, partition });
  }
  return differences;
}

/**
 * Makes the target hold what the source holds, by replacing whole partitions that differ, and checks that it does. Both
 * stand still meanwhile. A crash in between leaves the target differing, to be found and repaired again.
 *
 * @returns what was repaired
 */
export async function repairNode(source: Database, target: Database): Promise<Difference[]> {
  const tables = new Map((await tablesOf(source)).map((table) => [table.name, table]));
  const existing = new Set((await tablesOf(target)).map(({ name }) => name));
  const differences = await compareNodes(source, target);
  for (const { table: name, partition } of differences) {
    const table = tables.get(name) as TableShape;
    if (!existing.has(name)) {
      await target.command(table.ddl.replace(/^CREATE TABLE (?:\S+\.)?/, 'CREATE TABLE IF NOT EXISTS '));
      existing.add(name);
    }
    if (partition === '') continue;
    await target.command(`ALTER TABLE ${identifier(name)} DROP PARTITION ID ${quoted(partition)}`);
    const rows = await source.exportTsv(selectChunk(table, BY_PARTITION, partition), {}, { deadlineMs: LONG_MS });
    await target.importTsv(name, table.columns, rows, { deadlineMs: LONG_MS });
  }
  return differences;
}
