import type { OfArguments } from './method-types.js';

/** When a stream counts as successful: see {@link CallOptions.settleOn}. */
export type SettleOn = 'first-item' | 'completion';

/** What a decorator may say about the calls of its method as a whole. */
export interface CallOptions<DeadlineMs extends OfArguments<number> = OfArguments<number>> {
  /** Time, in ms, that the whole call may take, waiting and repetitions included. */
  readonly deadlineMs?: number | DeadlineMs;
  /** Policy types outermost first, where the canonical order is not wanted. */
  readonly order?: readonly string[];
  /**
   * When the call of a method that gives an Observable or an async iterable has succeeded: with the first item
   * (default; what comes later is passed on as it comes, and only slots are held until the end) or on completion (a
   * failure at any item is a failure of the call, and a repetition starts from the beginning).
   */
  readonly settleOn?: SettleOn;
}

const KEYS = ['deadlineMs', 'order', 'settleOn'] as const satisfies readonly (keyof CallOptions)[];

/** Separates what is about the call from the rest. */
export function splitCallOptions(given: Readonly<Record<string, unknown>>): [CallOptions, Record<string, unknown>] {
  const rest = { ...given };
  const own: Record<string, unknown> = {};
  for (const key of KEYS) {
    if (rest[key] !== undefined) own[key] = rest[key];
    delete rest[key];
  }
  return [own, rest];
}
