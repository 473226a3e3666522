export { DASHBOARD_ALERTS, DASHBOARD_CONTROL } from './dashboard.constants.js';
export { DashboardModule } from './dashboard.module.js';
export type { DashboardAuth, DashboardOptions } from './dashboard.options.js';
export type { AlertPart } from './wire.js';
