import type { Call } from '../core/call.js';
import type { Capabilities } from '../core/capabilities.js';
import type { AroundPolicy, Next, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import { isThenable } from '../core/thenable.js';
import { DeadlineExceededError } from './deadline-exceeded-error.js';
import { LimitedWait } from './limited-wait.js';
import type { Expiry } from './limited-work.js';
import { deadlineOptions, type ResolvedDeadlineOptions } from './time-limit.options.js';

/**
 * Limits the time of a whole call: every attempt, and all waiting in queues and between attempts. When it is over the
 * call is aborted with a {@link DeadlineExceededError}, so that nothing more is started for it. A call that already
 * carries an earlier deadline keeps it.
 */
export class Deadline implements AroundPolicy {
  readonly kind = 'around';
  readonly type = 'deadline';
  readonly #wait: LimitedWait;
  readonly #ownOver: Expiry;
  readonly #handedDownOver: Expiry;

  constructor(
    readonly name: string,
    options: ResolvedDeadlineOptions,
    private readonly capabilities: Capabilities,
  ) {
    this.#wait = new LimitedWait(this.type, name, options, capabilities);
    const expire = (call: Call) => {
      const error = new DeadlineExceededError(this.type, name, call.name, false);
      call.abort(error);
      return error;
    };
    this.#ownOver = { own: true, expire };
    this.#handedDownOver = { own: false, expire };
  }

  intercept(call: Call, next: Next): unknown {
    const startedAt = this.capabilities.clock.now();
    const ownMs = this.#wait.limitMs(startedAt);
    const handedDownMs = call.deadline - startedAt;
    if (handedDownMs <= 0) throw this.#wait.refuse(call);
    const own = ownMs <= handedDownMs;
    if (own) call.deadline = startedAt + ownMs;
    call.abortable = true;
    const work = next(call);
    if (!isThenable(work)) {
      this.#wait.noteInTime(startedAt);
      return work;
    }
    return own
      ? this.#wait.wait(call, work, startedAt, ownMs, this.#ownOver, undefined)
      : this.#wait.wait(call, work, startedAt, handedDownMs, this.#handedDownOver, undefined);
  }

  inspect(now: number): PolicySnapshot {
    return { type: this.type, name: this.name, ...this.#wait.inspect(now) };
  }

  reconfigure(options: ResolvedDeadlineOptions): void {
    this.#wait.reconfigure(options);
  }

  measure(): void {
    this.#wait.measure();
  }
}

export const deadlinePolicy = {
  type: 'deadline',
  optionKey: 'deadline',
  slot: 'deadline',
  options: deadlineOptions,
  create: (name, options, context) => new Deadline(name, options, context),
  waits: () => true,
} satisfies PolicyDefinition<typeof deadlineOptions, Deadline>;
