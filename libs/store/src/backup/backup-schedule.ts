import type { Database } from '../database.js';
import type { Backups } from './backups.js';

export interface BackupScheduleOptions {
  /** Between backups, in ms. Default 3,600,000: every hour. */
  everyMs?: number;
  /** Every so many backups a full one. Default 24. */
  fullEvery?: number;
  log?: (line: string) => void;
}

export interface BackupSchedule {
  readonly last: { readonly at: number; readonly ok: boolean; readonly detail: string } | undefined;
  stop(): Promise<void>;
}

/** Backs a database up at intervals, and removes what is beyond the retention. A failure is logged, and the next one tried. */
export function startBackups(
  backups: Backups,
  database: Database,
  options: BackupScheduleOptions = {},
): BackupSchedule {
  const { everyMs = 3_600_000, fullEvery = 24, log = () => undefined } = options;
  let last: BackupSchedule['last'];
  let running: Promise<void> = Promise.resolve();
  const backUp = async () => {
    try {
      const earlier = (await backups.list()).filter(({ problem }) => problem === undefined);
      const sinceFull = earlier.length - 1 - earlier.findLastIndex(({ kind }) => kind === 'full');
      const full = earlier.every(({ kind }) => kind !== 'full') || sinceFull >= fullEvery - 1;
      const report = await backups.create(database, full ? 'full' : 'incremental');
      const pruned = await backups.prune();
      const detail = `backup ${report.id}: ${report.rows} rows, ${report.written} parts of ${report.bytes} bytes, ${report.reused} as before; ${pruned.length} removed`;
      last = { at: Date.now(), ok: true, detail };
    } catch (error) {
      last = {
        at: Date.now(),
        ok: false,
        detail: `backup failed: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
    log(last.detail);
  };
  const timer = setInterval(() => {
    running = running.then(backUp);
  }, everyMs);
  return {
    get last() {
      return last;
    },
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
