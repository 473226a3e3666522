import type { WireRequest } from './venue.js';

/** A whole number of a query parameter; `otherwise` when it is absent or not one. */
export function wholeNumber(request: WireRequest, name: string, otherwise: number): number {
  const text = request.query.get(name);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : otherwise;
}

/** As `wholeNumber`, held within [1, max]. */
export function pageSize(request: WireRequest, name: string, otherwise: number, max: number): number {
  return Math.min(max, Math.max(1, wholeNumber(request, name, otherwise)));
}
