import type { Alert } from '../core/alert.js';
import { ReliabilityError } from '../core/errors.js';

/** Silences at a time. */
const MOST = 1_000;

/** Keeps alerts from the sinks for a while. They go on being shown, with the silence's id. */
export interface Silence {
  readonly id: string;
  /** Labels that an alert must have, `alertname` included; of several values one. */
  readonly match: Readonly<Record<string, string | readonly string[]>>;
  /** In ms since the Unix epoch. */
  readonly from: number;
  /** In ms since the Unix epoch. */
  readonly until: number;
  readonly by: string;
  readonly reason: string;
}

export interface SilenceRequest {
  readonly match: Silence['match'];
  /** How long, in ms: positive and finite. */
  readonly forMs: number;
  readonly by: string;
  readonly reason: string;
}

/** The silences in force. Expiry follows from the wall clock: a silence is until a time of day. */
export class Silences {
  readonly #silences = new Map<string, Silence>();
  #made = 0;

  /** @throws ReliabilityError `INVALID_OPTIONS` when it would match everything, never end, or is one too many */
  add({ match, forMs, by, reason }: SilenceRequest, wallNow: number): Silence {
    const entries = Object.entries(match ?? {});
    const usable = (value: unknown) => typeof value === 'string' || (Array.isArray(value) && value.length > 0);
    if (entries.length === 0 || !entries.every(([, value]) => usable(value)))
      throw invalid('match: must name at least one label and its value', match);
    if (!(forMs > 0 && forMs < Infinity)) throw invalid('forMs: must be positive and finite', forMs);
    this.#expire(wallNow);
    if (this.#silences.size >= MOST) throw invalid(`there are ${MOST} silences already`, this.#silences.size);
    this.#made += 1;
    const id = `silence-${wallNow}-${this.#made}`;
    const silence = { id, match: { ...match }, from: wallNow, until: wallNow + forMs, by, reason };
    this.#silences.set(id, silence);
    return silence;
  }

  /** @returns whether there was such a silence */
  end(id: string): boolean {
    return this.#silences.delete(id);
  }

  list(wallNow: number): readonly Silence[] {
    this.#expire(wallNow);
    return [...this.#silences.values()];
  }

  /** The silence that holds for an alert; of several the one that ends last. */
  of({ name, labels }: Pick<Alert, 'name' | 'labels'>, wallNow: number): Silence | undefined {
    let longest: Silence | undefined;
    for (const silence of this.#silences.values()) {
      if (silence.until <= wallNow || silence.until <= (longest?.until ?? 0)) continue;
      const matches = Object.entries(silence.match).every(([label, wanted]) => {
        const value = label === 'alertname' ? name : labels[label];
        return value !== undefined && (typeof wanted === 'string' ? wanted === value : wanted.includes(value));
      });
      if (matches) longest = silence;
    }
    return longest;
  }

  #expire(wallNow: number): void {
    for (const [id, { until }] of this.#silences) if (until <= wallNow) this.#silences.delete(id);
  }
}

function invalid(rule: string, value: unknown): ReliabilityError {
  return new ReliabilityError(`Silence: ${rule}; got ${JSON.stringify(value)}`, {
    code: 'INVALID_OPTIONS',
    policyType: 'alerting',
    policy: 'silence',
  });
}
