import type { WireAnswer } from '../venues/venue.js';

/** Requests already under way when the client was told to wait are forgiven for this long. */
const FORGIVEN_MS = 500;

/**
 * Counts requests that came before the time that a 429 or 418 had named in Retry-After. It is kept per venue, not per
 * host: the venues count by client address.
 */
export class PatienceWatch {
  /** Requests that came too early. */
  impatient = 0;
  private from = 0;
  private until = 0;

  /** An answer has arrived at the client. */
  told({ status, headers }: WireAnswer, now: number): void {
    const seconds = Number(headers?.['retry-after'] ?? Number.NaN);
    if ((status !== 429 && status !== 418) || !Number.isFinite(seconds)) return;
    if (now >= this.until) this.from = now + FORGIVEN_MS;
    this.until = Math.max(this.until, now + seconds * 1_000);
  }

  /** A request has come. */
  seen(now: number): void {
    if (now >= this.from && now < this.until) this.impatient += 1;
  }
}
