import type { Call } from '../core/call.js';
import type { Timer } from '../core/timer.js';
import type { AroundPolicy, Next, PolicyContext, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import { isThenable } from '../core/thenable.js';
import { keyOf, type Use } from '../core/use.js';
import { ChaosForbiddenError, ChaosInjectedError } from './chaos-injected-error.js';
import { chaosOptions, type FaultInjection, type Injection, type ResolvedChaosOptions } from './chaos.options.js';
import { whyForbidden } from './chaos-permission.js';
import { planInjections } from './injection-plan.js';

/** What `inspect` gives. Counters are totals since it was made. */
export interface ChaosSnapshot extends PolicySnapshot {
  readonly on: boolean;
  /** Time until it switches itself off, in ms; `null` when it does not. */
  readonly endsInMs: number | null;
  /** Why it cannot be on in this environment; `null` when it can. */
  readonly forbidden: string | null;
  readonly injected: Readonly<Record<Injection['kind'], number>>;
}

/**
 * Makes calls fail, slow, answer wrongly or misbehave, to prove that their protection works. Off unless switched on,
 * and impossible to switch on where the environment is not one that was allowed.
 */
export class Chaos implements AroundPolicy {
  readonly kind = 'around';
  readonly type = 'chaos';

  #options: ResolvedChaosOptions;
  /** Since when it is on, and until when. */
  #on: { readonly since: number; readonly until: number } | undefined = undefined;
  readonly #injected: Record<Injection['kind'], number> = { fault: 0, latency: 0, result: 0, behaviour: 0 };

  constructor(
    readonly name: string,
    options: ResolvedChaosOptions,
    private readonly context: Pick<PolicyContext, 'clock' | 'random' | 'emit'>,
    private readonly environment: string | undefined = process.env['NODE_ENV'],
  ) {
    this.#options = options;
    if (options.enabled && this.#forbidden() === undefined) this.enable();
  }

  /** Whether it is on. */
  get on(): boolean {
    return this.#on !== undefined && this.context.clock.now() < this.#on.until;
  }

  /**
   * Switches it on, for `forMs` or as configured. Time boxes begin anew.
   * @throws ChaosForbiddenError where the environment does not allow it
   */
  enable({ forMs = this.#options.forMs }: { readonly forMs?: number } = {}): void {
    const forbidden = this.#forbidden();
    if (forbidden !== undefined) throw new ChaosForbiddenError(this.name, forbidden);
    const since = this.context.clock.now();
    this.#switch({ since, until: since + (forMs ?? Infinity) });
  }

  disable(): void {
    this.#switch(undefined);
  }

  intercept(call: Call, next: Next, use: Use): unknown {
    if (this.#on === undefined) return next(call);
    const now = this.context.clock.now();
    if (now >= this.#on.until) {
      this.disable();
      return next(call);
    }
    const victim = { call, key: () => keyOf(use, call, this.name), elapsedMs: now - this.#on.since };
    return this.#befall(planInjections(this.#options.injections, victim, this.context.random), 0, call, next);
  }

  reconfigure(options: ResolvedChaosOptions): void {
    const previous = this.#options;
    this.#options = options;
    if (this.#forbidden() !== undefined) this.disable();
    else if (options.enabled !== previous.enabled) {
      if (options.enabled) this.enable();
      else this.disable();
    }
  }

  inspect(now: number): ChaosSnapshot {
    const until = this.#on !== undefined && now < this.#on.until ? this.#on.until : undefined;
    return {
      type: this.type,
      name: this.name,
      on: until !== undefined,
      endsInMs: until === undefined || until === Infinity ? null : until - now,
      forbidden: this.#forbidden() ?? null,
      injected: { ...this.#injected },
    };
  }

  #befall(planned: readonly Injection[], first: number, call: Call, next: Next): unknown {
    for (let index = first; index < planned.length; index += 1) {
      const injection = planned[index]!;
      this.#count(injection, call);
      switch (injection.kind) {
        case 'fault':
          throw this.#errorOf(injection, call);
        case 'result':
          return injection.make === undefined ? injection.value : injection.make(call);
        case 'latency':
        case 'behaviour': {
          const pending = injection.kind === 'latency' ? this.#delay(injection, call) : injection.run(call);
          if (isThenable(pending)) return this.#befallAfter(pending, planned, index + 1, call, next);
        }
      }
    }
    return next(call);
  }

  async #befallAfter(
    pending: PromiseLike<unknown>,
    planned: readonly Injection[],
    first: number,
    call: Call,
    next: Next,
  ): Promise<unknown> {
    await pending;
    return this.#befall(planned, first, call, next);
  }

  #delay({ latencyMs, jitterMs }: Extract<Injection, { kind: 'latency' }>, call: Call): Promise<void> {
    const { clock, random } = this.context;
    const delayMs = latencyMs + (jitterMs > 0 ? random.next() * jitterMs : 0);
    if (call.aborted) throw call.reason;
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const unsubscribe = call.onAbort((reason) => {
        timer?.cancel();
        unsubscribe();
        reject(reason);
      });
      timer = clock.schedule(delayMs, () => {
        unsubscribe();
        resolve();
      });
    });
  }

  #errorOf({ error, errorClass, retryAfterMs }: FaultInjection, call: Call): unknown {
    return error === undefined ? new ChaosInjectedError(this.name, call.name, errorClass, retryAfterMs) : error(call);
  }

  #count({ kind }: Injection, call: Call): void {
    this.#injected[kind] += 1;
    const { emit, clock } = this.context;
    if (!emit.wants('chaos.injected')) return;
    emit.emit({ type: 'chaos.injected', policy: this.name, at: clock.now(), call: call.name, fault: kind });
  }

  #switch(on: { readonly since: number; readonly until: number } | undefined): void {
    const changed = (on === undefined) !== (this.#on === undefined);
    this.#on = on;
    const { emit, clock } = this.context;
    if (changed) emit.emit({ type: 'chaos.switched', policy: this.name, at: clock.now(), on: on !== undefined });
  }

  #forbidden(): string | undefined {
    return whyForbidden(this.#options, this.environment);
  }
}

/** How chaos is configured and made. */
export const chaosPolicy = {
  type: 'chaos',
  optionKey: 'chaos',
  slot: 'chaos',
  options: chaosOptions,
  create: (name, options, context) => new Chaos(name, options, context),
} satisfies PolicyDefinition<typeof chaosOptions, Chaos>;
