import type { Call } from '../core/call.js';
import type { Capabilities } from '../core/capabilities.js';
import { InvalidOptionsError, isReliabilityError, ReliabilityError } from '../core/errors.js';
import { Ignored } from '../core/outcome.js';
import { announceMistake } from '../core/policy-mistake.js';
import type { Admission, AdmissionPolicy, AroundPolicy, Next, Permit, Policy, PolicySnapshot } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import { isThenable } from '../core/thenable.js';
import type { Use } from '../core/use.js';

/** Methods that every policy has, and those of its kind. */
const METHODS = { common: ['inspect', 'reconfigure'], admission: ['admit', 'settle'], around: ['intercept'] } as const;

/**
 * Keeps a mistake in a policy of somebody's own from spoiling the chain: what it throws on deciding refuses the call by
 * a clear error, what it throws afterwards is announced and reaches nobody.
 * @throws InvalidOptionsError when it is no policy of its type
 */
export function guardPolicy<P extends Policy>(policy: P, type: string, name: string, capabilities: Capabilities): P {
  assertPolicy(policy, type, name);
  const guard = new Guard(policy, capabilities);
  guard.watch();
  if (policy.kind === 'admission') guard.watchAdmission(policy);
  else guard.watchAround(policy);
  return policy;
}

function assertPolicy(policy: Policy, type: string, name: string): void {
  const path = `${type} "${name}"`;
  const refuse = (rule: string, value: unknown): never => {
    throw new InvalidOptionsError([{ path, rule, value }]);
  };
  if (typeof policy !== 'object' || policy === null) refuse('must be made as an object', policy);
  if (policy.type !== type) refuse(`must have the type "${type}" that it was defined with`, policy.type);
  if (policy.name !== name) refuse('must keep the name that it is made with', policy.name);
  if (!['admission', 'around'].includes(policy.kind)) refuse("must have the kind 'admission' or 'around'", policy.kind);
  for (const method of [...METHODS.common, ...METHODS[policy.kind]]) {
    const value: unknown = Reflect.get(policy, method);
    if (typeof value !== 'function') refuse(`must have a method ${method}`, value);
  }
  if (!Object.isExtensible(policy)) refuse('must not be frozen: what it does is watched over', policy);
}

class Guard {
  readonly #title: string;

  constructor(
    private readonly policy: Policy,
    private readonly capabilities: Capabilities,
  ) {
    this.#title = `${policy.type} "${policy.name}"`;
  }

  /** What is asked of every policy, outside calls. */
  watch(): void {
    const { policy } = this;
    const inspect = policy.inspect.bind(policy);
    const close = policy.close?.bind(policy);
    const measure = policy.measure?.bind(policy);
    policy.inspect = (now) => this.#shown(() => inspect(now));
    if (close !== undefined) policy.close = () => this.#announced('close', close);
    if (measure !== undefined) policy.measure = () => this.#announced('measure', measure);
  }

  watchAdmission(policy: AdmissionPolicy): void {
    const admit = policy.admit.bind(policy);
    const precheck = policy.precheck?.bind(policy);
    const settle = policy.settle.bind(policy);
    const end = policy.end?.bind(policy);
    policy.admit = (call, now, use): Admission => {
      const admission = this.#decided('admit', use, () => admit(call, now, use));
      if (!isThenable(admission)) return this.#checked(admission, use);
      const later = Promise.resolve(admission as PromiseLike<Permit | Refusal>);
      if (!policy.waits) {
        this.#giveBackLater(later, call, policy);
        throw this.#failed('admit', use, 'gave a promise, which only a policy whose `waits` is true may');
      }
      return later.then(
        (decision) => this.#checked(decision, use),
        (error: unknown) => {
          throw isReliabilityError(error) ? error : this.#failed('admit', use, 'rejected', error);
        },
      );
    };
    if (precheck !== undefined) {
      policy.precheck = (call, now, use) => {
        const refusal: unknown = this.#decided('precheck', use, () => precheck(call, now, use));
        if (refusal === undefined || refusal instanceof Refusal) return refusal && this.#checkedRefusal(refusal, use);
        throw this.#failed('precheck', use, `must give a Refusal or undefined, and gave ${kindOf(refusal)}`);
      };
    }
    policy.settle = (permit, outcome, call, now) =>
      this.#announced('settle', () => settle(permit, outcome, call, now), call);
    if (end !== undefined) policy.end = (permit, now) => this.#announced('end', () => end(permit, now));
  }

  watchAround(policy: AroundPolicy): void {
    const intercept = policy.intercept.bind(policy);
    const watched = (call: Call, next: Next, use: Use): unknown => {
      let called = false;
      const underWay = new Set<Call>();
      const once: Next = (attempt) => {
        called = true;
        if (underWay.has(attempt)) {
          throw this.#failed('intercept', use, 'called next again while its first call of it runs: give it a fork()');
        }
        const result = next(attempt);
        if (!(result instanceof Promise)) return result;
        underWay.add(attempt);
        const over = () => void underWay.delete(attempt);
        result.then(over, over);
        return result;
      };
      // An error of the call, and a refusal, are the policy's to throw; anything else before the call is a mistake.
      const explained = (error: unknown, how: string): unknown =>
        called || isReliabilityError(error) ? error : this.#failed('intercept', use, how, error);
      let result: unknown;
      try {
        result = intercept(call, once, use);
      } catch (error) {
        throw explained(error, 'threw');
      }
      if (!isThenable(result)) return result;
      return Promise.resolve(result).catch((error: unknown) => {
        throw explained(error, 'rejected');
      });
    };
    policy.intercept = watched;
  }

  #failed(what: string, use: Use, problem: string, cause?: unknown): ReliabilityError {
    const { type, name } = this.policy;
    return new ReliabilityError(`${use.site}: ${what} of ${this.#title} ${problem}`, {
      code: 'POLICY_FAILED',
      policyType: type,
      policy: name,
      refused: true,
      cause,
    });
  }

  /** What it throws is a mistake, unless it is an error of this library: a key that cannot be computed, say. */
  #decided<T>(what: string, use: Use, decide: () => T): T {
    try {
      return decide();
    } catch (error) {
      throw isReliabilityError(error) ? error : this.#failed(what, use, 'threw', error);
    }
  }

  #checked(admission: Permit | Refusal, use: Use): Permit | Refusal {
    if (admission instanceof Refusal) return this.#checkedRefusal(admission, use);
    if (typeof admission === 'number' || (typeof admission === 'object' && admission !== null)) return admission;
    throw this.#failed('admit', use, `must give a number, an object or a Refusal, and gave ${kindOf(admission)}`);
  }

  /** A refusal whose error is one. */
  #checkedRefusal(refusal: Refusal, use: Use): Refusal {
    const toError = refusal.toError.bind(refusal);
    refusal.toError = () => {
      const error: unknown = this.#decided('toError of a refusal', use, toError);
      if (isReliabilityError(error)) return error;
      return this.#failed('toError of a refusal', use, `must give a ReliabilityError, and gave ${kindOf(error)}`);
    };
    return refusal;
  }

  /** A permit that comes when its call has been refused already. */
  #giveBackLater(later: Promise<Permit | Refusal>, call: Call, policy: AdmissionPolicy): void {
    const now = () => this.capabilities.clock.now();
    later.then(
      (permit) => {
        if (permit instanceof Refusal) return;
        policy.settle(permit, new Ignored(undefined), call, now());
        policy.end?.(permit, now());
      },
      () => undefined,
    );
  }

  #shown(inspect: () => PolicySnapshot): PolicySnapshot {
    const { type, name } = this.policy;
    try {
      return { ...inspect(), type, name };
    } catch (error) {
      this.#announce('inspect', error);
      return { type, name, failed: error instanceof Error ? error.message : String(error) };
    }
  }

  #announced(what: string, act: () => unknown, call?: Call): void {
    try {
      const result = act();
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.#announce(what, error, call));
    } catch (error) {
      this.#announce(what, error, call);
    }
  }

  #announce(what: string, error: unknown, call?: Call): void {
    announceMistake(this.capabilities, this.policy, what, error, call);
  }
}

const kindOf = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));
