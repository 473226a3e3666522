import type { RedundantStore, RedundantSnapshot } from '../redundant/redundant-store.js';
import type { CallCounts, MeteredDatabase } from './metered-database.js';
import type { BackupCounts, MeteredBackups } from './metered-backups.js';

/** What metrics are read from. */
export interface StoreSources {
  readonly database?: MeteredDatabase;
  readonly redundant?: RedundantStore;
  readonly backups?: MeteredBackups;
}

/** What a scrape sees. */
export interface StoreView {
  readonly calls: CallCounts | undefined;
  readonly redundant: RedundantSnapshot | undefined;
  readonly backups: BackupCounts | undefined;
}
