export type { AdminAuth } from '../admin/admin.options.js';
export type { DashboardOptions } from '../nest/mount-options.js';
export { DashboardModule } from './dashboard.module.js';
