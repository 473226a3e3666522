import { z } from 'zod';
import type { Venue } from './venue.js';

/** What is kept of a venue's market list: how a native id is called elsewhere, and how often it settles. */
export const marketSchema = z.object({
  symbolId: z.string().min(1),
  /** ccxt's unified symbol: `BTC/USDT:USDT`. */
  symbol: z.string().min(1),
  intervalHours: z.number().positive().nullable(),
});

export type Market = Readonly<z.infer<typeof marketSchema>>;

interface CcxtMarket {
  readonly id?: string | undefined;
  readonly symbol?: string | undefined;
  readonly contract?: boolean | undefined;
  readonly swap?: boolean | undefined;
  readonly baseName?: string;
  readonly info?: unknown;
}

/** `undefined` for what never pays funding. */
export function marketOf(venue: Venue, market: CcxtMarket | undefined): Market | undefined {
  if (market?.id === undefined || market.symbol === undefined || market.swap !== true) return undefined;
  const { id, symbol, info, baseName } = market;
  return {
    symbolId: venue.marketKey?.({ id, info, ...(baseName !== undefined && { baseName }) }) ?? id,
    symbol,
    intervalHours: venue.marketInterval?.(info) ?? null,
  };
}
