import { argumentsKey } from '../core/arguments-key.js';
import { Call } from '../core/call.js';
import { ReliabilityError } from '../core/errors.js';
import type { AroundPolicy, Next, PolicyContext, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import { isThenable } from '../core/thenable.js';
import { keyOf, type Use } from '../core/use.js';
import { coalesceOptions, type ResolvedCoalesceOptions } from './coalesce.options.js';
import { SharedWork } from './shared-work.js';

/** What `inspect` gives. Counters are totals since the policy was made. */
export interface CoalesceSnapshot extends PolicySnapshot {
  readonly calls: number;
  /** Calls that were answered by the work of another. */
  readonly shared: number;
  /** Calls that ran on their own because their arguments have no key. */
  readonly withoutKey: number;
  /** Calls that ran on their own because `maxKeys` others were in flight. */
  readonly overflowed: number;
  /** Different calls in flight now. */
  readonly inFlight: number;
}

/**
 * Lets equal calls that are in flight at the same time share one: the first runs, the others wait for its result, be it
 * a value or an error. Equal are calls of the same method of the same object whose key (by default their arguments) is
 * equal. A caller who gives up leaves the others their result; the work is aborted when nobody waits for it any more.
 */
export class Coalesce implements AroundPolicy {
  readonly kind = 'around';
  readonly type = 'coalesce';
  readonly #inFlight = new Map<string, SharedWork>();
  #ids = new WeakMap<object, number>();
  #nextId = 1;
  #calls = 0;
  #shared = 0;
  #withoutKey = 0;
  #overflowed = 0;

  constructor(
    readonly name: string,
    private options: ResolvedCoalesceOptions,
    private readonly context: Pick<PolicyContext, 'clock'>,
  ) {}

  intercept(call: Call, next: Next, use: Use): unknown {
    this.#calls += 1;
    const key = this.#keyOf(call, use);
    if (key === undefined) {
      this.#withoutKey += 1;
      return next(call);
    }
    const running = this.#inFlight.get(key);
    // Work that would end before this caller's own deadline is of no use to it.
    if (running !== undefined && !running.call.aborted && running.call.deadline >= call.deadline) {
      this.#shared += 1;
      return this.#join(running, call);
    }
    if (running === undefined && this.#inFlight.size >= this.options.maxKeys) {
      this.#overflowed += 1;
      return next(call);
    }
    return this.#lead(key, call, next);
  }

  inspect(): CoalesceSnapshot {
    return {
      type: this.type,
      name: this.name,
      calls: this.#calls,
      shared: this.#shared,
      withoutKey: this.#withoutKey,
      overflowed: this.#overflowed,
      inFlight: this.#inFlight.size,
    };
  }

  /** Calls in flight stay shared. */
  reconfigure(options: ResolvedCoalesceOptions): void {
    this.options = options;
  }

  #lead(key: string, call: Call, next: Next): unknown {
    const own = new Call(call.name, call.target, call.self, call.args);
    own.priority = call.priority;
    own.idempotent = call.idempotent;
    own.deadline = call.deadline;
    own.abortable = call.abortable;
    const result = next(own);
    if (!isThenable(result)) return result;
    const work = new SharedWork(own, Promise.resolve(result));
    this.#inFlight.set(key, work);
    const forget = () => {
      if (this.#inFlight.get(key) === work) this.#inFlight.delete(key);
    };
    work.result.then(forget, forget);
    return work.wait(call, undefined);
  }

  #join(work: SharedWork, call: Call): Promise<unknown> {
    const { clock } = this.context;
    const expiry =
      call.deadline < work.call.deadline
        ? { clock, inMs: call.deadline - clock.now(), error: () => this.#deadlinePassed(call) }
        : undefined;
    const result = work.wait(call, expiry);
    return this.options.copy ? result.then((value) => structuredClone(value)) : result;
  }

  #deadlinePassed(call: Call): ReliabilityError {
    return new ReliabilityError(`${call.name}: the deadline passed while waiting for an equal call`, {
      code: 'DEADLINE_EXCEEDED',
      policyType: this.type,
      policy: this.name,
    });
  }

  #keyOf(call: Call, use: Use): string | undefined {
    const key = use.key === undefined ? argumentsKey(call.args) : keyOf(use, call, this.name);
    return key === undefined ? undefined : `${call.name} ${this.#idOf(call.self)} ${key}`;
  }

  #idOf(self: unknown): number {
    if (typeof self !== 'object' || self === null) return 0;
    const known = this.#ids.get(self);
    if (known !== undefined) return known;
    this.#ids.set(self, this.#nextId);
    return this.#nextId++;
  }
}

export const coalescePolicy = {
  type: 'coalesce',
  optionKey: 'coalesce',
  slot: 'coalesce',
  options: coalesceOptions,
  create: (name, options, context) => new Coalesce(name, options, context),
} satisfies PolicyDefinition<typeof coalesceOptions, Coalesce>;
