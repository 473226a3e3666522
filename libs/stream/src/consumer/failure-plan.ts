import type { Classification, ErrorClass } from '@marketprism/reliability';

/** What is done about failures of a class. */
export interface FailureRule {
  /**
   * `hold`: the batch waits and is tried again where it is; nothing more is taken meanwhile, and no delivery is used up.
   * `nak`: the message goes back and comes again later. `dead-letter`: it is given up.
   */
  readonly action: 'hold' | 'nak' | 'dead-letter';
  /** Deliveries (for `hold`: attempts) before it is given up. */
  readonly attempts: number;
  readonly baseMs: number;
  readonly capMs: number;
}

export type FailureRules = Readonly<Record<ErrorClass, FailureRule>>;

export const DEFAULT_RULES: FailureRules = {
  network: { action: 'hold', attempts: Infinity, baseMs: 200, capMs: 10_000 },
  timeout: { action: 'hold', attempts: Infinity, baseMs: 500, capMs: 10_000 },
  server: { action: 'hold', attempts: Infinity, baseMs: 500, capMs: 10_000 },
  rateLimit: { action: 'hold', attempts: Infinity, baseMs: 1_000, capMs: 60_000 },
  auth: { action: 'hold', attempts: Infinity, baseMs: 5_000, capMs: 60_000 },
  unknown: { action: 'nak', attempts: 5, baseMs: 1_000, capMs: 60_000 },
  data: { action: 'dead-letter', attempts: 1, baseMs: 0, capMs: 0 },
  client: { action: 'dead-letter', attempts: 1, baseMs: 0, capMs: 0 },
};

export type FailurePlan =
  | { readonly kind: 'hold'; readonly delayMs: number }
  | { readonly kind: 'nak'; readonly delayMs: number }
  | { readonly kind: 'isolate' }
  | { readonly kind: 'dead-letter' };

export interface Failed {
  readonly classification: Classification;
  /** Attempts at this very batch so far, this one included. */
  readonly attempts: number;
  /** How often its first message has been delivered. */
  readonly deliveries: number;
  /** How many messages failed together. */
  readonly messages: number;
  /** True when later messages of the key must not overtake: nothing goes back, it is held instead. */
  readonly ordered: boolean;
  /** Uniform in [0, 1). */
  readonly chance: number;
}

/**
 * What to do about a failure. One that is about the other side (`hold`) leaves the batch whole; one that may be about a
 * message is isolated first. Delays double with each attempt and are spread by ±10 %; a wait that was asked for is kept.
 */
export function planFailure(rules: FailureRules, failed: Failed): FailurePlan {
  const { classification, attempts, deliveries, messages, ordered, chance } = failed;
  const rule = rules[classification.errorClass];
  const givesUp = rule.action === 'dead-letter' || classification.retryable === false;
  if (messages > 1 && (givesUp || rule.action === 'nak')) return { kind: 'isolate' };
  if (givesUp) return { kind: 'dead-letter' };
  const held = rule.action === 'hold' || ordered;
  const tried = held ? attempts : deliveries;
  if (tried >= rule.attempts) return messages > 1 ? { kind: 'isolate' } : { kind: 'dead-letter' };
  const grown = Math.min(rule.capMs, rule.baseMs * 2 ** Math.min(tried - 1, 30));
  const delayMs = Math.max(grown * (0.9 + 0.2 * chance), classification.retryAfterMs ?? 0);
  return { kind: held ? 'hold' : 'nak', delayMs };
}
