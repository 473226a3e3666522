import { z } from 'zod';
import { VENUE_IDS } from '../venues/venue.js';

const MAX_DURATION_MS = 24 * 3_600_000;

const place = {
  venue: z.enum(VENUE_IDS),
  /** A host's id (`okx-1`), or `*` for all of the venue's hosts. */
  host: z.string().min(1).default('*'),
  /** Milliseconds after the schedule, or the request that adds it, begins. */
  startMs: z.number().int().min(0).max(MAX_DURATION_MS).default(0),
  durationMs: z.number().int().min(1).max(MAX_DURATION_MS),
};

const simple = <K extends string>(kind: K) => z.strictObject({ kind: z.literal(kind), ...place });

/** The whole list of faults: what each does is told in `docs/exchange-simulator.md`. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('latency'),
    ...place,
    distribution: z.enum(['fixed', 'normal', 'longTail']),
    /** Fixed: the delay. Normal: its mean. Long tail: its minimum. Milliseconds. */
    delayMs: z.number().min(0).max(600_000),
    /** Normal: the standard deviation. Long tail: ignored. Milliseconds. */
    deviationMs: z.number().min(0).max(600_000).default(0),
  }),
  z.strictObject({
    kind: z.literal('rateLimited'),
    ...place,
    /** Seconds in the Retry-After header; null sends none. */
    retryAfterSeconds: z.number().int().min(0).max(86_400).nullable().default(null),
  }),
  simple('banned'),
  simple('unavailable'),
  simple('refused'),
  simple('resetBeforeHeaders'),
  simple('resetMidBody'),
  simple('headersNever'),
  simple('dripBody'),
  simple('truncatedJson'),
  simple('html'),
  simple('emptyObject'),
  simple('emptyArray'),
  simple('maintenance'),
  simple('venueDown').extend({ host: z.literal('*').default('*') }),
]);

export const faultFileSchema = z.strictObject({
  faults: z.array(faultSchema).max(10_000),
});

export type FaultSpec = z.output<typeof faultSchema>;
export type FaultInput = z.input<typeof faultSchema>;
export type FaultKind = FaultSpec['kind'];

export const FAULT_KINDS = faultSchema.options.map((option) => option.shape.kind.value) as readonly FaultKind[];
