import { Backups, type BackupReport, type Progress } from '../backup/backups.js';
import type { Database } from '../database.js';

/** What was counted of backups since the start. */
export interface BackupCounts {
  readonly ok: number;
  readonly failed: number;
  readonly running: number;
  readonly removed: number;
  readonly partsWritten: number;
  readonly partsReused: number;
  readonly bytesWritten: number;
  /** The last one that succeeded. */
  readonly last: { readonly at: number; readonly durationMs: number; readonly rows: number } | undefined;
}

/** Backups that are counted and timed. */
export class MeteredBackups extends Backups {
  #counts = { ok: 0, failed: 0, running: 0, removed: 0, partsWritten: 0, partsReused: 0, bytesWritten: 0 };
  #last: BackupCounts['last'];

  override async create(database: Database, kind?: 'full' | 'incremental', progress?: Progress): Promise<BackupReport> {
    const startedAt = performance.now();
    this.#counts.running += 1;
    try {
      const report = await super.create(database, kind, progress);
      this.#counts.ok += 1;
      this.#counts.partsWritten += report.written;
      this.#counts.partsReused += report.reused;
      this.#counts.bytesWritten += report.bytes;
      this.#last = { at: Date.now(), durationMs: performance.now() - startedAt, rows: report.rows };
      return report;
    } catch (error) {
      this.#counts.failed += 1;
      throw error;
    } finally {
      this.#counts.running -= 1;
    }
  }

  override async prune(): Promise<string[]> {
    const removed = await super.prune();
    this.#counts.removed += removed.length;
    return removed;
  }

  /** What was counted so far. */
  counts(): BackupCounts {
    return { ...this.#counts, last: this.#last };
  }
}
