import { binanceusdm } from './binanceusdm.js';
import { bitget } from './bitget.js';
import { bybit } from './bybit.js';
import { gate } from './gate.js';
import { hyperliquid } from './hyperliquid.js';
import { krakenfutures } from './krakenfutures.js';
import { kucoinfutures } from './kucoinfutures.js';
import { okx } from './okx.js';
import type { Venue, VenueId } from './venue.js';

export const VENUES: Readonly<Record<VenueId, Venue>> = {
  okx,
  binanceusdm,
  bybit,
  gate,
  bitget,
  hyperliquid,
  krakenfutures,
  kucoinfutures,
};
