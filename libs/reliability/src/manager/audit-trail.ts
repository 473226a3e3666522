import type { Json } from './configuration-document.js';

/** How an action ended: carried out, refused because of who asked or what was asked, or failed on the way. */
export type AuditOutcome = 'done' | 'refused' | 'failed';

/** One thing that somebody did, or wanted to do. Without secrets, and bounded in length. */
export interface AuditEntry {
  /** Ms since the Unix epoch. */
  readonly at: number;
  /** Who, as authenticated: `token`, what a guard put on the request, `manager`, `code`. */
  readonly who: string;
  /** How it came: `admin 127.0.0.1`, `dashboard 127.0.0.1`, `code`, `manager`. */
  readonly via: string;
  /** Kind of action: `force`, `change`, … or what was asked for where it was no known one. */
  readonly action: string;
  /** What it is about: `circuit-breaker "okx"`, `configuration`. */
  readonly target: string;
  readonly before?: Json;
  readonly after?: Json;
  /** Why, in the words of who did it. */
  readonly reason: string;
  readonly outcome: AuditOutcome;
  /** Why it was refused or failed. */
  readonly problem?: string;
}

export interface AuditListOptions {
  /** Most entries, default 100. */
  readonly limit?: number;
  /** Only entries of before this time, in ms since the Unix epoch. */
  readonly before?: number;
}

/** Keeps what was done. Entries are never changed. */
export interface AuditTrail {
  /** @throws as a rejection when it could not be kept: it is reported, and what was done stays done */
  append(entry: AuditEntry): Promise<void> | void;
  /** The latest first. */
  list(options?: AuditListOptions): Promise<readonly AuditEntry[]>;
}

/** The last entries, in memory. */
export class MemoryAuditTrail implements AuditTrail {
  readonly #entries: AuditEntry[] = [];

  /** @param keep entries kept; at least 1, default 1,000 */
  constructor(private readonly keep = 1_000) {}

  append(entry: AuditEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > this.keep) this.#entries.shift();
  }

  list({ limit = 100, before = Infinity }: AuditListOptions = {}): Promise<readonly AuditEntry[]> {
    return Promise.resolve(
      this.#entries
        .filter(({ at }) => at < before)
        .toReversed()
        .slice(0, limit),
    );
  }
}
