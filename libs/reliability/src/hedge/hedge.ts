import { Budget } from '../core/budget.js';
import type { Call } from '../core/call.js';
import { classify } from '../core/classification/classify.js';
import { isRefused } from '../core/errors.js';
import type { AroundPolicy, Next, PolicyContext, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import { isThenable } from '../core/thenable.js';
import { disposeOf } from './dispose.js';
import { HedgeDelay } from './hedge-delay.js';
import { type GateReason, HedgeGate } from './hedge-gate.js';
import { hedgeOptions, type ResolvedHedgeOptions } from './hedge.options.js';
import { HedgedCall, type RaceOwner } from './hedged-call.js';

/** Used when no retry of the same name has brought a budget of its own: as a retry's default. */
const DEFAULT_BUDGET = { form: 'tokens', ratio: 0.2, minPerWindow: 100, windowMs: 10_000, costs: {} } as const;

type SuppressionReason = GateReason | 'budget' | 'idempotence';

/**
 * Sends another attempt when the first takes longer than nearly all do, to another endpoint where there is a balancer,
 * and takes the answer that comes first. Cuts the slow tail of a dependency at the price of a little more load, which
 * is bounded three times: by a share of the calls, by the budget shared with retries, and by signs of overload.
 */
export class Hedge implements AroundPolicy {
  readonly kind = 'around';
  readonly type = 'hedge';
  readonly #budget: Budget;
  readonly #gate = new HedgeGate();
  readonly #race: RaceOwner;
  /** Whether the operations of the budget are counted here: settled by the first call, when every policy is made. */
  #counts: boolean | undefined;
  #delay: HedgeDelay;
  #calls = 0;
  #sent = 0;
  #won = 0;
  #disposed = 0;
  #disposeErrors = 0;
  readonly #suppressed: Record<SuppressionReason, number> = {
    budget: 0,
    'extra-load': 0,
    overloaded: 0,
    idempotence: 0,
  };

  constructor(
    readonly name: string,
    private options: ResolvedHedgeOptions,
    private readonly context: PolicyContext,
  ) {
    this.#budget = context.shared('budget', name, () => new Budget(DEFAULT_BUDGET, () => context.clock.now()));
    this.#delay = new HedgeDelay(options);
    this.#race = {
      grant: (call) => this.#grant(call),
      hedgeEnded: () => this.#budget.giveBack('hedge'),
      answered: (call, startedAt, byHedge) => this.#noteAnswer(call, startedAt, byHedge),
      attemptFailed: (error) => this.#noteFailure(error),
      over: () => {
        if (this.#counts === true) this.#budget.closed();
      },
      dispose: (value) => void this.#dispose(value),
    };
  }

  intercept(call: Call, next: Next): unknown {
    const now = this.context.clock.now();
    this.#calls += 1;
    this.#gate.opened(now);
    if (call.idempotent === false || this.options.idempotent === false) {
      this.#suppressed.idempotence += 1;
      return next(call);
    }
    this.#counts ??= !this.#budget.countedByRetry;
    if (this.#counts) this.#budget.opened();
    const delayMs = this.#delay.delayMs(now);
    if (delayMs >= call.deadline - now) return this.#unhedged(call, next, now);
    const rules = { startedAt: now, delayMs, maxHedges: this.options.maxHedges };
    return new HedgedCall(call, next, rules, this.#race, this.context.clock).run();
  }

  inspect(now: number): PolicySnapshot {
    const delayMs = this.#delay.delayMs(now);
    return {
      type: this.type,
      name: this.name,
      delayMs: delayMs === Infinity ? null : delayMs,
      samples: this.#delay.samples(now),
      calls: this.#calls,
      sent: this.#sent,
      won: this.#won,
      suppressed: { ...this.#suppressed },
      disposed: this.#disposed,
      disposeErrors: this.#disposeErrors,
      budget: this.#budget.inspect(now),
    };
  }

  /** Calls under way keep their rules. Durations are kept unless the window or the form of the delay has changed. */
  reconfigure(options: ResolvedHedgeOptions): void {
    this.options = options;
    this.#delay = this.#delay.under(options);
  }

  /** The delay is not known yet, or would end after the deadline: only learns. */
  #unhedged(call: Call, next: Next, startedAt: number): unknown {
    const learn = () => {
      this.#race.over();
      this.#learn(startedAt);
    };
    const fail = (error: unknown) => {
      this.#race.over();
      this.#noteFailure(error);
    };
    let work: unknown;
    try {
      work = next(call);
    } catch (error) {
      fail(error);
      throw error;
    }
    if (isThenable(work)) work.then(learn, fail);
    else learn();
    return work;
  }

  #grant(call: Call): boolean {
    const { clock, emit } = this.context;
    const now = clock.now();
    const reason =
      this.#gate.objection(this.options, now) ?? (this.#budget.take('hedge', now) ? undefined : ('budget' as const));
    if (reason !== undefined) {
      this.#suppressed[reason] += 1;
      if (!emit.wants('hedge.suppressed')) return false;
      emit.emit({ type: 'hedge.suppressed', policy: this.name, at: now, call: call.name, reason });
      return false;
    }
    this.#gate.sent(now);
    this.#sent += 1;
    emit.emit({ type: 'hedge.sent', policy: this.name, at: now, call: call.name });
    return true;
  }

  #noteAnswer(call: Call, startedAt: number, byHedge: boolean): void {
    const now = this.#learn(startedAt);
    if (!byHedge) return;
    this.#won += 1;
    this.context.emit.emit({ type: 'hedge.won', policy: this.name, at: now, call: call.name });
  }

  #learn(startedAt: number): number {
    const now = this.context.clock.now();
    this.#delay.record(now - startedAt, now);
    return now;
  }

  #noteFailure(error: unknown): void {
    const { errorClass } = classify(error);
    if (isRefused(error) || errorClass === 'rateLimit' || errorClass === 'timeout') {
      this.#gate.overloaded(this.context.clock.now());
    }
  }

  async #dispose(value: unknown): Promise<void> {
    try {
      await (this.options.dispose === undefined ? disposeOf(value) : this.options.dispose(value));
      this.#disposed += 1;
    } catch {
      this.#disposeErrors += 1;
    }
  }
}

export const hedgePolicy = {
  type: 'hedge',
  optionKey: 'hedge',
  slot: 'hedge',
  options: hedgeOptions,
  create: (name, options, context) => new Hedge(name, options, context),
  waits: () => true,
} satisfies PolicyDefinition<typeof hedgeOptions, Hedge>;
