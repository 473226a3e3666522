import { binanceusdmVenue } from './binanceusdm.js';
import { bitgetVenue } from './bitget.js';
import { bybitVenue } from './bybit.js';
import { gateVenue } from './gate.js';
import { hyperliquidVenue } from './hyperliquid.js';
import { krakenfuturesVenue } from './krakenfutures.js';
import { kucoinfuturesVenue } from './kucoinfutures.js';
import { okxVenue } from './okx.js';
import type { Venue, VenueId } from './venue.js';

/** Every venue that can be collected from, by id. */
export const VENUES: Readonly<Record<VenueId, Venue>> = {
  okx: okxVenue,
  binanceusdm: binanceusdmVenue,
  bybit: bybitVenue,
  gate: gateVenue,
  bitget: bitgetVenue,
  hyperliquid: hyperliquidVenue,
  krakenfutures: krakenfuturesVenue,
  kucoinfutures: kucoinfuturesVenue,
};
