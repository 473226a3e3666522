import type { Call } from '../core/call.js';
import { classify as builtinClassify } from '../core/classification/classify.js';
import type { Classify } from '../core/error-class.js';
import { InvalidUseError, isReliabilityError } from '../core/errors.js';
import type { AroundPolicy, Next, PolicyContext, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import { isThenable } from '../core/thenable.js';
import { keyOf, type Use } from '../core/use.js';
import { argumentsKey } from '../core/arguments-key.js';
import { fallbackOptions, type ResolvedFallbackOptions } from './fallback.options.js';
import { answers, type FallbackSource, type FallbackStep, fallbackSteps } from './fallback-step.js';
import { LastGoodValues } from './last-good-values.js';

/** Mistakes in the program, which no answer should hide. */
const MISTAKES: ReadonlySet<string> = new Set(['INVALID_USE', 'INVALID_OPTIONS', 'UNKNOWN_POLICY']);

/** What `inspect` gives. Counters are totals since the fallback was made. */
export interface FallbackSnapshot extends PolicySnapshot {
  /** Answers given, by where they came from. */
  readonly answered: Readonly<Record<FallbackSource, number>>;
  /** Steps that failed themselves. */
  readonly failedSteps: number;
  /** Calls that failed although there is a fallback: no step was meant for the error, or all failed. */
  readonly unanswered: number;
  /** Values kept at present. */
  readonly kept: number;
  /** Values given up to make room for others. */
  readonly evicted: number;
  /** Results that were not kept because their arguments have no key. */
  readonly withoutKey: number;
}

/**
 * Answers in place of a failed or refused call: with the last good value, another method, a function or a value. What
 * lies further in sees every failure. An error of the call is never replaced by one of its fallback.
 */
export class Fallback implements AroundPolicy {
  readonly kind = 'around';
  readonly type = 'fallback';

  #steps: readonly FallbackStep[];
  #classify: Classify;
  #lastGood: LastGoodValues | undefined = undefined;
  #objectIds: WeakMap<object, number> | undefined = undefined;
  #nextObjectId = 1;

  readonly #answered: Record<FallbackSource, number> = { 'last-good': 0, method: 0, handler: 0, value: 0 };
  #failedSteps = 0;
  #unanswered = 0;
  #withoutKey = 0;

  constructor(
    readonly name: string,
    options: ResolvedFallbackOptions,
    private readonly context: Pick<PolicyContext, 'clock' | 'emit'>,
  ) {
    this.#steps = fallbackSteps(options);
    this.#classify = options.classify ?? builtinClassify;
    if (options.lastGood !== undefined) this.#lastGood = new LastGoodValues(options.lastGood);
  }

  intercept(call: Call, next: Next, use: Use): unknown {
    let result: unknown;
    try {
      result = next(call);
    } catch (error) {
      return this.#answer(error, call, use, 0);
    }
    if (isThenable(result)) return this.#await(result, call, use);
    if (this.#lastGood !== undefined) this.#keep(this.#lastGood, result, call, use);
    return result;
  }

  reconfigure(options: ResolvedFallbackOptions): void {
    this.#steps = fallbackSteps(options);
    this.#classify = options.classify ?? builtinClassify;
    if (options.lastGood === undefined) this.#lastGood = undefined;
    else if (this.#lastGood === undefined) this.#lastGood = new LastGoodValues(options.lastGood);
    else this.#lastGood.reconfigure(options.lastGood);
  }

  inspect(): FallbackSnapshot {
    return {
      type: this.type,
      name: this.name,
      steps: this.#steps.map(({ source }) => source),
      answered: { ...this.#answered },
      failedSteps: this.#failedSteps,
      unanswered: this.#unanswered,
      kept: this.#lastGood?.size ?? 0,
      evicted: this.#lastGood?.evicted ?? 0,
      withoutKey: this.#withoutKey,
    };
  }

  async #await(result: PromiseLike<unknown>, call: Call, use: Use): Promise<unknown> {
    let value: unknown;
    try {
      value = await result;
    } catch (error) {
      return this.#answer(error, call, use, 0);
    }
    if (this.#lastGood !== undefined) this.#keep(this.#lastGood, value, call, use);
    return value;
  }

  /** Gives the first answer from step `first` on. @throws `error` when there is none */
  #answer(error: unknown, call: Call, use: Use, first: number): unknown {
    if (gaveUp(call) || (isReliabilityError(error) && MISTAKES.has(error.code))) throw error;
    for (let index = first; index < this.#steps.length; index += 1) {
      const step = this.#steps[index]!;
      try {
        const found = answers(step, error, this.#classify) ? this.#ask(step, error, call, use) : undefined;
        if (found === undefined) continue;
        const { answer, ageMs } = found;
        if (isThenable(answer)) return this.#awaitAnswer(answer, error, call, use, index);
        this.#announceAnswer(step.source, error, call, ageMs);
        return answer;
      } catch (failure) {
        this.#announceFailure(step.source, error, failure, call);
      }
    }
    this.#unanswered += 1;
    throw error;
  }

  async #awaitAnswer(
    pending: PromiseLike<unknown>,
    error: unknown,
    call: Call,
    use: Use,
    index: number,
  ): Promise<unknown> {
    const { source } = this.#steps[index]!;
    let answer: unknown;
    try {
      answer = await pending;
    } catch (failure) {
      this.#announceFailure(source, error, failure, call);
      return this.#answer(error, call, use, index + 1);
    }
    this.#announceAnswer(source, error, call, undefined);
    return answer;
  }

  #ask(step: FallbackStep, error: unknown, call: Call, use: Use): Answer | undefined {
    switch (step.source) {
      case 'last-good': {
        const key = this.#keyOf(call, use);
        return key === undefined ? undefined : this.#lastGood?.take(key, error, this.context.clock.now());
      }
      case 'value':
        return { answer: step.value };
      case 'handler':
        return { answer: Reflect.apply(step.handler, call.self, [error, ...call.args]) };
      case 'method': {
        const method: unknown = (call.self as Record<string, unknown> | null | undefined)?.[step.method];
        if (typeof method === 'function')
          return { answer: Reflect.apply(method, call.self, argumentsThen(error, call)) };
        throw new InvalidUseError(
          this.name,
          use.site,
          'fallback',
          'must name a method of the same object',
          step.method,
        );
      }
    }
  }

  #keep(lastGood: LastGoodValues, value: unknown, call: Call, use: Use): void {
    try {
      const key = this.#keyOf(call, use);
      if (key === undefined) this.#withoutKey += 1;
      else lastGood.put(key, value, this.context.clock.now());
    } catch (failure) {
      this.#announceFailure('last-good', undefined, failure, call);
    }
  }

  /** With a key function of the use, that says everything; else object and arguments do. */
  #keyOf(call: Call, use: Use): string | undefined {
    if (use.key !== undefined) return `${call.name} ${keyOf(use, call, this.name)}`;
    const args = argumentsKey(call.args);
    return args === undefined ? undefined : `${call.name} ${this.#idOf(call.self)} ${args}`;
  }

  #idOf(self: unknown): number {
    if (typeof self !== 'object' || self === null) return 0;
    const ids = (this.#objectIds ??= new WeakMap());
    const known = ids.get(self);
    if (known !== undefined) return known;
    ids.set(self, this.#nextObjectId);
    this.#nextObjectId += 1;
    return this.#nextObjectId - 1;
  }

  #announceAnswer(source: FallbackSource, error: unknown, call: Call, ageMs: number | undefined): void {
    this.#answered[source] += 1;
    const { emit, clock } = this.context;
    if (!emit.wants('fallback.answered')) return;
    emit.emit({ type: 'fallback.answered', policy: this.name, at: clock.now(), call: call.name, source, ageMs, error });
  }

  #announceFailure(source: FallbackSource, error: unknown, failure: unknown, call: Call): void {
    this.#failedSteps += 1;
    const { emit, clock } = this.context;
    if (!emit.wants('fallback.failed')) return;
    emit.emit({ type: 'fallback.failed', policy: this.name, at: clock.now(), call: call.name, source, error, failure });
  }
}

interface Answer {
  readonly answer: unknown;
  readonly ageMs?: number;
}

/** The arguments and then the error, at the same position also for calls that leave optional arguments out. */
function argumentsThen(error: unknown, { args, target }: Call): unknown[] {
  const missing = Math.max(0, target.length - args.length);
  return [...args, ...Array.from<undefined>({ length: missing }), error];
}

/** The caller is not there any more; a deadline of ours that passed is no such thing. */
function gaveUp(call: Call): boolean {
  return call.aborted && !isReliabilityError(call.reason);
}

/** How a fallback is configured and made. */
export const fallbackPolicy = {
  type: 'fallback',
  optionKey: 'fallback',
  slot: 'fallback',
  options: fallbackOptions,
  create: (name, options, context) => new Fallback(name, options, context),
} satisfies PolicyDefinition<typeof fallbackOptions, Fallback>;
