import { z } from 'zod';
import { SCHEDULE_NAMES } from './faults/schedules.js';
import { VENUE_IDS } from './venues/venue.js';

const port = z.number().int().min(0).max(65_535);
const limitScale = z.number().min(0.001).max(1_000);
const settlementMs = z
  .number()
  .int()
  .min(1_000)
  .max(86_400_000)
  .multipleOf(1_000, 'must be a multiple of 1000, since some venues send whole seconds');

export const simulatorOptionsSchema = z.strictObject({
  /** Seed of the series and of the named schedules, 0 to 2^32 − 1. @default 1 */
  seed: z.number().int().min(0).max(0xffff_ffff).default(1),
  /** Which venues to serve. @default all eight */
  venues: z
    .array(z.enum(VENUE_IDS))
    .min(1)
    .default([...VENUE_IDS]),
  /** Perpetual contracts in a venue's main list. @default 120 */
  symbolsPerVenue: z.number().int().min(2).max(1_000).default(120),
  /** Hosts (ports) per venue. @default 3 */
  hostsPerVenue: z.number().int().min(1).max(8).default(3),
  /** Milliseconds between settlements, on multiples since the epoch. @default 5000 */
  settlementMs: settlementMs.default(5_000),
  /** `settlementMs` for single venues. @default {} */
  settlementMsByVenue: z.partialRecord(z.enum(VENUE_IDS), settlementMs).default({}),
  /** A named schedule, or the path of a YAML or JSON file with `faults`. @default 'none' */
  faults: z.union([z.enum(SCHEDULE_NAMES), z.strictObject({ file: z.string().min(1) })]).default('none'),
  /** Length of the run that a named schedule is made for, milliseconds; it goes on in blocks of 60 s. @default 60000 */
  faultsDurationMs: z.number().int().min(1_000).max(86_400_000).default(60_000),
  /** Multiplies every documented rate limit. @default 1 */
  limitScale: limitScale.default(1),
  /** `limitScale` for single venues. @default {} */
  limitScaleByVenue: z.partialRecord(z.enum(VENUE_IDS), limitScale).default({}),
  /** Port of the control API; 0 takes a free one. @default 0 */
  controlPort: port.default(0),
  /** Settlements that the served log keeps per origin. @default 500000 */
  servedCapacity: z.number().int().min(1_000).max(10_000_000).default(500_000),
  /** How long a client must keep its connection after an answer for it to count as received, milliseconds. @default 200 */
  deliveryGraceMs: z.number().int().min(0).max(10_000).default(200),
});

export type SimulatorOptions = z.input<typeof simulatorOptionsSchema>;
export type ResolvedSimulatorOptions = z.output<typeof simulatorOptionsSchema>;
