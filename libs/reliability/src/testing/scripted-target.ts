import type { Clock } from '../core/clock.js';

/** What one call of a scripted target does. */
export type Step =
  | { readonly value: unknown; readonly afterMs?: number }
  | { readonly error: unknown; readonly afterMs?: number }
  /** Never answers, unless its signal is aborted. */
  | 'hang';

/**
 * A dependency that answers by a script: one step for each call, the last one for all that follow.
 * `const target = new ScriptedTarget(clock, [{ error: new Error('down') }, { value: 42, afterMs: 10 }])`.
 */
export class ScriptedTarget<T = unknown> {
  /** Arguments of every call so far. */
  readonly calls: unknown[][] = [];
  #steps: readonly Step[];
  #next = 0;

  constructor(
    private readonly clock: Clock,
    steps: readonly Step[],
  ) {
    this.#steps = steps;
  }

  /** Replaces the script. */
  script(...steps: readonly Step[]): void {
    this.#steps = steps;
    this.#next = 0;
  }

  /** Does what the script says next. An AbortSignal among the arguments ends it. */
  readonly call = (...args: unknown[]): Promise<T> => {
    this.calls.push(args);
    const step = this.#steps[Math.min(this.#next, this.#steps.length - 1)];
    this.#next += 1;
    if (step === undefined) throw new Error('the scripted target has no steps');
    return new Promise<T>((resolve, reject) => {
      const signal = args.find((arg) => arg instanceof AbortSignal);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (step === 'hang') return;
      const answer = () => {
        if ('error' in step) reject(step.error);
        else resolve(step.value as T);
      };
      if (step.afterMs === undefined) answer();
      else this.clock.schedule(step.afterMs, answer);
    });
  };
}
