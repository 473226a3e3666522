/** Most keys whose refusals or penalties are remembered; beyond it the one remembered longest is forgotten. */
const MOST_REMEMBERED = 10_000;

export interface AbuseRule {
  /** Refusals that bring a penalty… */
  readonly refusals: number;
  /** …when they fall within this many ms. */
  readonly withinMs: number;
  /** How long nothing is admitted then. */
  readonly blockMs: number;
}

interface Refusals {
  count: number;
  since: number;
}

/**
 * Who is to be let through no earlier than a certain time: because the other side said so, or after abuse. `''` stands
 * for the limiter as a whole.
 */
export class Penalties {
  private readonly until = new Map<string, number>();
  private readonly refusals = new Map<string, Refusals>();

  /** 0 when nobody was ever penalised: saves the look-up. */
  get size(): number {
    return this.until.size;
  }

  /** Ms until this key is free again; 0 when it is. */
  remaining(key: string, now: number): number {
    const left = (this.until.get(key) ?? 0) - now;
    if (left > 0) return left;
    this.until.delete(key);
    return 0;
  }

  /** Never shortens a penalty. */
  impose(key: string, ms: number, now: number): void {
    if (ms <= this.remaining(key, now)) return;
    remember(this.until, key, now + ms);
  }

  /**
   * Counts one refusal.
   * @returns whether that was one too many, and a penalty begins
   */
  countRefusal(key: string, now: number, rule: AbuseRule): boolean {
    let refusals = this.refusals.get(key);
    if (refusals === undefined || now - refusals.since >= rule.withinMs) {
      refusals = { count: 0, since: now };
      remember(this.refusals, key, refusals);
    }
    refusals.count += 1;
    if (refusals.count < rule.refusals) return false;
    this.refusals.delete(key);
    this.impose(key, rule.blockMs, now);
    return true;
  }
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST_REMEMBERED) map.delete(map.keys().next().value!);
}
