export type { AdminAuth, AdminOptions } from './admin.options.js';
export { type Action, actionSchema } from '../manager/actions.js';
export {
  type AuditEntry,
  type AuditListOptions,
  type AuditOutcome,
  type AuditTrail,
  MemoryAuditTrail,
} from '../manager/audit-trail.js';
export { ActionRefusedError, type ActionResult, type Actor, type Control } from '../manager/control.js';
export { type OfferedAction, ReliabilityControl } from '../manager/reliability-control.js';
