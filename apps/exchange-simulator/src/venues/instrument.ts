import type { FundingSeries } from '../series/funding-series.js';
import type { Instrument, VenueId } from './venue.js';

const TRAIT = { interval: 1, age: 2 } as const;
const HOUR_MS = 3_600_000;
const LISTING_EPOCH = Date.UTC(2020, 0, 1);

/** The end of the quarter that dated contracts here deliver at: 08:00 UTC on 26 March 2027. */
export const DELIVERY_TIME = Date.UTC(2027, 2, 26, 8);

export interface InstrumentInput extends Partial<Instrument> {
  readonly venue: VenueId;
  readonly id: string;
  readonly base: string;
  readonly rateScale: number;
}

/**
 * A contract with what its venue does not state filled in: linear, perpetual, quoted and settled in USDT, listed some
 * time since 2020, and of an interval of 8 hours (three of four), 4 or 1.
 */
export function instrument(series: FundingSeries, { venue, ...input }: InstrumentInput): Instrument {
  const key = `${venue}|${input.id}`;
  const draw = series.trait(key, TRAIT.interval);
  const age = Math.floor(series.trait(key, TRAIT.age) * 40_000) * HOUR_MS;
  return {
    key,
    quote: 'USDT',
    settle: 'USDT',
    inverse: false,
    deliveryTime: null,
    closed: false,
    group: 'main',
    intervalHours: draw < 0.75 ? 8 : draw < 0.95 ? 4 : 1,
    listedAt: LISTING_EPOCH + age,
    calmRate: 0.0001,
    priceScale: series.priceScale(input.base),
    ...input,
  };
}
