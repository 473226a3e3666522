import { BadRequestException, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { VENUE_IDS } from '../venues/venue.js';

const DAY_MS = 86_400_000;
const MAX_TIME = 4_102_444_800_000;

const format = z.enum(['json', 'csv']).optional();
const exchange = z.enum(VENUE_IDS).optional();
const symbol = z.string().min(1).max(100).optional();

/** Milliseconds since the epoch, or an ISO 8601 date. */
const time = z
  .string()
  .transform((text, context) => {
    const value = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
    if (Number.isFinite(value) && value >= 0 && value <= MAX_TIME) return value;
    context.addIssue({ code: 'custom', message: 'must be milliseconds since 1970 or an ISO 8601 date' });
    return z.NEVER;
  })
  .optional();

const limit = (most: number, otherwise: number) =>
  z
    .string()
    .regex(/^\d{1,7}$/, `must be a whole number from 1 to ${most}`)
    .transform(Number)
    .refine((value) => value >= 1 && value <= most, `must be a whole number from 1 to ${most}`)
    .default(otherwise);

const position = z.tuple([z.int().min(0), z.enum(VENUE_IDS), z.string().min(1)]);

/** Where the next page begins; opaque to callers. */
const cursor = z
  .string()
  .max(400)
  .transform((text, context) => {
    try {
      const [fundingTime, exchange, symbolId] = position.parse(
        JSON.parse(Buffer.from(text, 'base64url').toString('utf8')),
      );
      return { fundingTime, exchange, symbolId };
    } catch {
      context.addIssue({ code: 'custom', message: 'must be the `next` of an earlier page' });
      return z.NEVER;
    }
  })
  .optional();

export const latestQuery = z.strictObject({ exchange, symbol, format });

export const historyQuery = z
  .strictObject({ exchange, symbol, from: time, to: time, limit: limit(10_000, 1_000), cursor, format })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    message: 'must be after from',
  });

export type LatestQuery = z.output<typeof latestQuery>;
export type HistoryQuery = z.output<typeof historyQuery>;

/** Without bounds: the last day, and the settlements to come that are known. */
export function boundsOf({ from, to }: HistoryQuery, now: number): { from: number; to: number } {
  const end = to ?? now + DAY_MS;
  return { from: from ?? Math.min(now, end) - DAY_MS, to: end };
}

export function cursorOf(row: { fundingTime: number; exchange: string; symbolId: string }): string {
  return Buffer.from(JSON.stringify([row.fundingTime, row.exchange, row.symbolId])).toString('base64url');
}

/** Checks a query as a whole and answers 400 with every problem. */
export class QueryPipe<Schema extends z.ZodType> implements PipeTransform<unknown, z.output<Schema>> {
  constructor(private readonly schema: Schema) {}

  transform(value: unknown): z.output<Schema> {
    const parsed = this.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const given = value as Record<PropertyKey, unknown>;
    throw new BadRequestException({
      statusCode: 400,
      error: 'Bad Request',
      problems: parsed.error.issues.flatMap((issue) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({ path: key, rule: 'is not a known parameter', value: given[key] }))
          : [
              {
                path: issue.path.map(String).join('.'),
                rule: issue.message,
                value: issue.path[0] === undefined ? undefined : given[issue.path[0]],
              },
            ],
      ),
    });
  }
}
