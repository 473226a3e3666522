import { type AdminRequest, rawOf } from './request-parts.js';

const NOTED = new WeakSet<object>();

/** The audit trail has a line on this request. */
export function noted(request: AdminRequest): void {
  NOTED.add(rawOf(request));
}

export const isNoted = (request: object): boolean => NOTED.has(request);
