import { AsyncResource } from 'node:async_hooks';
import type { Call } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import type { Next } from '../core/policy.js';
import { isThenable } from '../core/thenable.js';
import type { Timer } from '../core/timer.js';

/** What a race asks and tells the policy that runs it. */
export interface RaceOwner {
  /** Whether another attempt may be sent now. One that is granted is followed by {@link hedgeEnded}. */
  grant(call: Call): boolean;
  hedgeEnded(): void;
  /** The first value has come. */
  answered(call: Call, startedAt: number, byHedge: boolean): void;
  /** An attempt has failed on its own. */
  attemptFailed(error: unknown): void;
  /** The race is over, either way. */
  over(): void;
  /** A value came that nobody waits for. */
  dispose(value: unknown): void;
}

/** When a race sends further attempts, and how many. */
export interface RaceRules {
  readonly startedAt: number;
  readonly delayMs: number;
  readonly maxHedges: number;
}

class Attempt {
  /** Fulfilled when its work, and what that has left behind, has ended. */
  ended: Promise<unknown> | undefined;

  constructor(
    readonly call: Call,
    readonly hedge: boolean,
  ) {}
}

/**
 * One call and its attempts side by side. The first value answers the call; the other attempts are aborted, and a value
 * that they still give is disposed of. The call fails when no attempt is left, with the error of the first: what it
 * would have failed with unhedged.
 */
export class HedgedCall {
  readonly #running = new Set<Attempt>();
  readonly #first: Attempt;
  #hedgesLeft: number;
  #over = false;
  #firstError: unknown;
  #timer: Timer | undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;

  constructor(
    private readonly call: Call,
    private readonly next: Next,
    private readonly rules: RaceRules,
    private readonly owner: RaceOwner,
    private readonly clock: Clock,
  ) {
    this.#first = new Attempt(call.fork(call.attempt), false);
    this.#hedgesLeft = rules.maxHedges;
  }

  /** Sends the first attempt. A plain value, or an error thrown at once, is passed on as it is. */
  run(): unknown {
    let work: unknown;
    try {
      work = this.next(this.#first.call);
    } catch (error) {
      this.#first.call.finish();
      this.owner.attemptFailed(error);
      this.#conclude(this.#first);
      throw error;
    }
    if (!isThenable(work)) {
      this.#first.call.finish();
      this.owner.answered(this.call, this.rules.startedAt, false);
      this.#conclude(this.#first);
      return work;
    }
    const result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#watch(this.#first, work);
    this.#wait(this.rules.startedAt);
    return result;
  }

  /** The timer is shared: a further attempt runs in the async context of its caller all the same. */
  #wait(since?: number): void {
    this.#timer = this.clock.schedule(
      this.rules.delayMs,
      AsyncResource.bind(() => this.#hedge()),
      since,
    );
  }

  #hedge(): void {
    if (this.call.attemptAborted || !this.owner.grant(this.call)) return;
    const attempt = new Attempt(this.call.fork(), true);
    let work: unknown;
    try {
      work = this.next(attempt.call);
    } catch (error) {
      work = Promise.reject(error);
    }
    this.#watch(attempt, isThenable(work) ? work : Promise.resolve(work));
    this.#hedgesLeft -= 1;
    if (this.#hedgesLeft > 0) this.#wait();
  }

  #watch(attempt: Attempt, work: PromiseLike<unknown>): void {
    this.#running.add(attempt);
    attempt.ended = Promise.resolve(
      work.then(
        (value) => {
          this.#noteEnded(attempt);
          if (this.#over) this.owner.dispose(value);
          else this.#answer(attempt, value);
          return whatIsLeftOf(attempt);
        },
        (error: unknown) => {
          this.#noteEnded(attempt);
          if (!this.#over) this.#fail(attempt, error);
          return whatIsLeftOf(attempt);
        },
      ),
    );
  }

  #noteEnded(attempt: Attempt): void {
    this.#running.delete(attempt);
    attempt.call.finish();
    if (attempt.hedge) this.owner.hedgeEnded();
  }

  #answer(winner: Attempt, value: unknown): void {
    this.owner.answered(this.call, this.rules.startedAt, winner.hedge);
    this.#conclude(winner);
    this.#abortLosers();
    this.#resolve(value);
  }

  #fail(attempt: Attempt, error: unknown): void {
    if (!attempt.hedge) this.#firstError = error;
    this.owner.attemptFailed(error);
    if (this.#running.size > 0) return;
    this.#conclude(this.#first);
    this.#reject(this.#firstError);
  }

  /** Ends the race: the call has gone where `decisive` went. */
  #conclude(decisive: Attempt): void {
    this.#over = true;
    this.#timer?.cancel();
    this.call.endpoint = decisive.call.endpoint;
    for (const work of decisive.call.abandoned ?? []) this.call.abandon(work);
    this.owner.over();
  }

  #abortLosers(): void {
    for (const loser of this.#running) {
      this.call.abandon(loser.ended!);
      // Not an error of this library: that an attempt came second says nothing about what was called.
      loser.call.abort(new DOMException(`Another attempt of ${this.call.name} answered first`, 'AbortError'));
    }
  }
}

const whatIsLeftOf = ({ call }: Attempt) =>
  call.abandoned === undefined ? undefined : Promise.allSettled(call.abandoned);
