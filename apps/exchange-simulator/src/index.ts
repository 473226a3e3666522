export { startSimulator } from './simulator.js';
export type { Simulator } from './simulator.js';
export type {
  HostAddress,
  InstrumentSummary,
  Origin,
  PublishedQuery,
  ServedQuery,
  SimulatorStats,
  TableQuery,
  VenueStats,
} from './simulator.types.js';
export type { SimulatorOptions } from './simulator.options.js';
export { SimulatorClient } from './simulator-client.js';
export { InvalidInputError } from './problems.js';
export { VENUE_IDS } from './venues/venue.js';
export type { VenueId } from './venues/venue.js';
export { FAULT_KINDS } from './faults/fault.schema.js';
export type { FaultInput, FaultKind, FaultSpec } from './faults/fault.schema.js';
export type { Fault } from './faults/fault-board.js';
export { SCHEDULE_NAMES } from './faults/schedules.js';
export type { ScheduleName } from './faults/schedules.js';
export type { SettlementTable } from './audit/served-log.js';
export type { HostTraffic } from './audit/traffic.js';
export type { Violation } from './limits/rate-limit-enforcer.js';
