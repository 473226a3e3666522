import type { Random } from '../core/random.js';

/** Told of a function given in the options that threw; its calls go on without it. */
export type FunctionFailed = (what: string, error: unknown) => void;

/**
 * How a limit follows what happens. A strategy is told of every admission and of every outcome and changes
 * {@link factor}; the limiter looks at it after each.
 */
export interface Adaptation {
  /** The limits are to be this multiple of the configured ones. */
  readonly factor: number;
  /** A call asks for permits. @returns true to drop it unheard */
  rejects(now: number, random: Random): boolean;
  admitted(cost: number, now: number): void;
  /** The other side took a call that was admitted at `admittedAt`, well or badly. */
  accepted(now: number): void;
  /** The other side said: too much. */
  throttled(admittedAt: number, now: number): void;
}
