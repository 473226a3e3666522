export { type AlertListOptions, AlertRecords } from './alert-records.js';
export { AuditEntries } from './audit-entries.js';
export { ConfigurationVersions } from './configuration-versions.js';
export { type ControlStoreOptions, controlStoreOptions } from './control-store.options.js';
export { ControlStoreError, type ControlStoreErrorCode } from './errors.js';
export type { AppliedMigration } from './migrations.js';
export { type ControlStore, openControlStore } from './open-control-store.js';
