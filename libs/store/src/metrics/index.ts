export { bindStoreMetrics } from './bind-store-metrics.js';
export { type BackupCounts, MeteredBackups } from './metered-backups.js';
export { type CallCounts, MeteredDatabase, type OperationCounts } from './metered-database.js';
export { STORE_FAMILIES } from './store-families.js';
export type { StoreSources, StoreView } from './store-view.js';
