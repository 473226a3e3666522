import type { RedundantSnapshot } from '../redundant/redundant-store.js';
import type { CallCounts, MeteredDatabase } from './metered-database.js';
import type { BackupCounts, MeteredBackups } from './metered-backups.js';

/** What metrics are read from. */
export interface StoreSources {
  readonly database?: MeteredDatabase;
  /** A `RedundantStore`, or what stands for one. */
  readonly redundant?: { snapshot(): RedundantSnapshot | undefined };
  readonly backups?: MeteredBackups;
}

/** What a scrape sees. */
export interface StoreView {
  readonly calls: CallCounts | undefined;
  readonly redundant: RedundantSnapshot | undefined;
  readonly backups: BackupCounts | undefined;
}
