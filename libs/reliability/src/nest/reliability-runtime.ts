import { Chain } from '../chain/chain.js';
import { refusalRejected } from '../chain/execute.js';
import { type ChainLine, explainChain } from '../chain/explain.js';
import type { Link } from '../chain/link.js';
import { orderTraps } from '../chain/order-traps.js';
import { inherit, isPartOfAdmitted } from '../core/ambient.js';
import { Call } from '../core/call.js';
import { InvalidOptionsError, InvalidUseError, isRefused, isReliabilityError } from '../core/errors.js';
import type { Next } from '../core/policy.js';
import type { PolicyRegistry } from '../manager/policy-registry.js';
import { callWith } from './call-with.js';
import { isCalledBy } from './calling-code.js';
import { ClassNames } from './class-names.js';
import { type LateRun, type Begin, type RunLate } from './late-work.js';
import { LateIterator, lateCursor } from './late-iterable.js';
import { lateObservable } from './late-observable.js';
import { lateQuery } from './late-query.js';
import { type LinkedMethod, linkMethod, waitingPolicies } from './linked-method.js';
import type { AnyMethod, OfArguments } from './method-types.js';
import { protectedMethodsOf } from './protect-method.js';
import { ofCall, type ProtectedMethod } from './protected-method.js';
import { isLate, type LateKind } from './result-kind.js';
import { LateResult } from './late-result.js';
import { brandRuntime, type HasSlot, type MethodRuntime, SLOT } from './slot.js';
import { warnOfPlainResult } from './unmanaged.js';
import { useOf } from './use-of.js';

const NAME_SEPARATOR = '\u0000';

/** Runs protected methods of one application: links the chain of each once and hands calls to it. */
export class ReliabilityRuntime implements MethodRuntime {
  private readonly linked: LinkedMethod[] = [];
  /** Of earlier configurations, with calls under way. */
  private replaced: LinkedMethod[] = [];
  readonly classNames = new ClassNames();

  constructor(readonly registry: PolicyRegistry) {
    brandRuntime(this);
    registry.isPartOfCall = (entrance) =>
      entrance !== 'request' &&
      (isPartOfAdmitted() || isCalledBy(this.underWay(), entrance === 'manager' ? undefined : entrance));
  }

  /** Protects the methods of an instance that Nest did not make. */
  attach<T extends object>(instance: T): T {
    (instance as HasSlot)[SLOT] = this;
    return instance;
  }

  invoke(method: ProtectedMethod, self: unknown, args: readonly unknown[]): unknown {
    const known = this.linked[method.id];
    if (known !== undefined && known.version === this.registry.version) {
      if (known.promised !== undefined) return this.runPromised(method, known, known.promised, self, args);
      if (known.unprotected) return callWith(method.original, self, args);
    }
    return this.invokeOther(method, self, args);
  }

  /** Not linked yet, or to be looked at anew; or its name is computed, or its result no promise. */
  private invokeOther(method: ProtectedMethod, self: unknown, args: readonly unknown[]): unknown {
    const kind = method.resultKind;
    if (kind !== 'promise')
      return isLate(kind) ? this.late(method, kind, self, args) : this.undeclared(method, self, args);
    try {
      const linked = this.linkedMethod(method);
      if (linked.unprotected) return method.original.apply(self, args as never[]);
      const call = this.callOf(method, linked, method.original, self, args);
      return refusalRejected((linked.chain ?? this.chainOfNames(method, linked, call)).answer(call));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The caller gets a promise, so that a refusal need not be thrown. */
  private runPromised(
    method: ProtectedMethod,
    linked: LinkedMethod,
    chain: Chain,
    self: unknown,
    args: readonly unknown[],
  ): unknown {
    try {
      return refusalRejected(chain.answer(this.callOf(method, linked, method.original, self, args)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Links a method whose policies are all known beforehand, and checks the names it gives.
   * @returns what is likely a mistake in how its policies work together
   * @throws InvalidOptionsError or `UNKNOWN_POLICY`, naming class and method
   */
  validate(method: ProtectedMethod): readonly string[] {
    for (const { name } of [...method.references, ...method.chains]) {
      if (typeof name === 'string') this.registry.refer(name, method.site);
    }
    const { chain } = this.linkedMethod(method);
    if (chain === undefined) return [];
    const waiting = waitingPolicies(chain);
    if (method.resultKind === 'plain' && waiting.length > 0) {
      throw new InvalidOptionsError([
        {
          path: method.site,
          rule: `gives a plain value, but ${waiting.join(', ')} may wait: make it async`,
          value: method.original,
        },
      ]);
    }
    if (method.resultKind === 'plain') {
      const names = method.chains.map(({ name }) => name).filter((name) => typeof name === 'string');
      this.registry.givesPlainValue(
        method.site,
        chain.links.map(({ policy }) => policy),
        names,
      );
    }
    const now = this.registry.factory.capabilities.clock.now();
    return orderTraps(chain.links, now).map((trap) => `${method.site}: ${trap}`);
  }

  /**
   * The chain of a protected method, outermost link first.
   * @param args the arguments of a call, where the name of a policy is computed from them
   * @throws Error when the class has no protected method of that name
   */
  explain(owner: object, methodName: string, args: readonly unknown[] = []): readonly ChainLine[] {
    const prototype = (typeof owner === 'function' ? owner.prototype : owner) as object;
    const method = protectedMethodsOf(prototype).find((candidate) => candidate.methodName === methodName);
    if (method === undefined) throw new Error(`${prototype.constructor.name} has no protected method "${methodName}"`);
    const linked = this.linkedMethod(method);
    const call = new Call(linked.site, method.original, typeof owner === 'function' ? undefined : owner, args);
    return explainChain(linked.chain ?? this.chainOfNames(method, linked, call));
  }

  /** The limiter of a method, with its use; `undefined` without one, and where its name is computed. */
  limiterOf(method: ProtectedMethod): Link | undefined {
    return this.linkedMethod(method).chain?.links.find(({ policy }) => policy.type === 'rate-limiter');
  }

  private run(method: ProtectedMethod, linked: LinkedMethod, call: Call): unknown {
    return (linked.chain ?? this.chainOfNames(method, linked, call)).execute(call);
  }

  private callOf(
    method: ProtectedMethod,
    linked: LinkedMethod,
    target: AnyMethod,
    self: unknown,
    args: readonly unknown[],
  ): Call {
    const call = new Call(linked.site, target, self, args);
    if (linked.prepare) this.prepare(method, linked, call);
    inherit(call, this.registry.factory.capabilities.clock);
    return call;
  }

  private prepare(method: ProtectedMethod, linked: LinkedMethod, call: Call): void {
    if (linked.signalAt >= 0) {
      const signal = call.args[linked.signalAt];
      if (signal instanceof AbortSignal) call.follow(signal);
    }
    if (method.idempotent !== undefined) call.idempotent = method.idempotent;
    const { deadlineMs } = method.callOptions;
    if (deadlineMs !== undefined) {
      call.deadline = this.registry.factory.capabilities.clock.now() + deadlineOf(method, deadlineMs, call);
    }
  }

  private undeclared(method: ProtectedMethod, self: unknown, args: readonly unknown[]): unknown {
    let result: unknown;
    let linked: LinkedMethod;
    let call: Call | undefined;
    try {
      linked = this.linkedMethod(method);
      if (linked.unprotected) result = method.original.apply(self, args as never[]);
      else {
        call = this.callOf(method, linked, method.original, self, args);
        result = this.run(method, linked, call);
      }
    } catch (error) {
      // What has given promises so far is awaited: its callers expect refusals and abortions as rejections.
      const aborted = call?.aborted === true && error === call.reason;
      if (method.gavePromise && (aborted || isRefused(error))) return Promise.reject(error);
      throw error;
    }
    if (result instanceof LateResult) return this.late(method, result.kind, self, args, result.value);
    if (result instanceof Promise) {
      method.gavePromise = true;
      if (!isLate(method.resultKind)) return result;
      return result.then((value: unknown) =>
        value instanceof LateResult ? this.late(method, value.kind, self, args, value.value) : value,
      );
    }
    if (linked.waiting.length > 0) warnOfPlainResult(method, linked.waiting);
    return result;
  }

  /** What begins its work only when somebody subscribes, reads or awaits goes through the chain at that moment. */
  private late(
    method: ProtectedMethod,
    kind: LateKind,
    self: unknown,
    args: readonly unknown[],
    made?: unknown,
  ): unknown {
    const linked = this.linkedMethod(method);
    if (linked.unprotected) return made ?? method.original.apply(self, args as never[]);
    const padded = [...args];
    while (padded.length < method.original.length) padded.push(undefined);
    const run: RunLate = (begin) => this.lateRun(method, begin, self, padded);
    const { settleOn = 'first-item' } = method.callOptions;
    switch (kind) {
      case 'observable':
        return lateObservable(run, settleOn, made);
      case 'async-iterable':
        return new LateIterator(run, settleOn, made as AsyncIterable<unknown> | undefined);
      case 'query':
      case 'cursor': {
        const object = made ?? method.original.apply(self, args as never[]);
        if (typeof object !== 'object' || object === null) return object;
        if (object instanceof Promise) return run(() => object).start();
        return kind === 'query' ? lateQuery(object, run, settleOn) : lateCursor(object, run, settleOn);
      }
    }
  }

  private lateRun(method: ProtectedMethod, begin: Begin, self: unknown, args: readonly unknown[]): LateRun {
    const linked = this.linkedMethod(method);
    // Of length 0: the arguments are complete already.
    const begins = (...[attempt]: [Call]) => begin(attempt, () => linked.callOriginal(attempt));
    const call = this.callOf(method, linked, begins, self, args);
    call.abortable = true;
    return { call, start: () => this.run(method, this.linkedMethod(method), call) };
  }

  private linkedMethod(method: ProtectedMethod): LinkedMethod {
    const linked = this.linked[method.id];
    if (linked !== undefined && linked.version === this.registry.version && linked.kind === method.resultKind) {
      return linked;
    }
    return this.linkAnew(method, linked);
  }

  /** @throws ShuttingDownError when the application takes no new calls, and this one is not part of another */
  private linkAnew(method: ProtectedMethod, before: LinkedMethod | undefined): LinkedMethod {
    const { factory, stopped, version } = this.registry;
    this.registry.assertAdmitting(method.site, method.wrapper!);
    if (stopped && before !== undefined && before.kind === method.resultKind) return before;
    const site = this.siteOf(method);
    // While stopping every call has to be asked where it comes from.
    const validFor = stopped ? Number.NaN : version;
    const fresh = linkMethod(method, site, validFor, factory.capabilities.clock, (invoke) =>
      this.link(method, site, invoke, new Map()),
    );
    this.replaced = this.replaced.filter(isUnderWay);
    if (before !== undefined && isUnderWay(before)) this.replaced.push(before);
    this.linked[method.id] = fresh;
    return fresh;
  }

  private underWay(): ProtectedMethod[] {
    return [...this.replaced, ...this.linked.filter((linked) => linked !== undefined)]
      .filter(isUnderWay)
      .map(({ method }) => method);
  }

  private siteOf({ owner, className, methodName }: ProtectedMethod): string {
    return `${this.classNames.of(owner, className)}.${methodName}`;
  }

  private chainOfNames(method: ProtectedMethod, linked: LinkedMethod, call: Call): Chain {
    const { nameFunctions, byNames } = linked;
    const names = nameFunctions.map((fn) => nameOf(method, fn, call));
    const id = names.length === 1 ? names[0]! : names.join(NAME_SEPARATOR);
    const known = byNames.get(id);
    if (known !== undefined) return known;
    for (const name of names) this.registry.assertKnown(name, method.site);
    const named = new Map(nameFunctions.map((fn, index) => [fn, names[index]!]));
    const chain = this.link(method, linked.site, linked.invoke, named);
    byNames.set(id, chain);
    return chain;
  }

  private link(
    method: ProtectedMethod,
    site: string,
    invoke: Next,
    names: ReadonlyMap<OfArguments<string>, string>,
  ): Chain {
    const links: Link[] = [];
    if (this.registry.bypassed) return new Chain(links, invoke, this.registry.factory.capabilities);
    for (const reference of method.references) {
      const { decorator, definition, options } = reference;
      const name = typeof reference.name === 'function' ? names.get(reference.name)! : reference.name;
      const policy = this.registry.policyOf(definition, name, options, site, `@${decorator} on ${method.site}`);
      links.push({ policy, slot: definition.slot, use: useOf(method, reference) });
    }
    for (const reference of method.chains) {
      const name = typeof reference.name === 'string' ? reference.name : names.get(reference.name)!;
      for (const { definition, policy } of this.registry.set(name)) {
        if (links.some((link) => link.policy.type === policy.type)) continue;
        links.push({ policy, slot: definition.slot, use: useOf(method, reference) });
      }
    }
    // Equal streams have no result to share: each reader has its own.
    const usable = isStream(method) ? links.filter(({ policy }) => policy.type !== 'coalesce') : links;
    try {
      return this.registry.link(usable, invoke, method.callOptions.order);
    } catch (error) {
      if (!isReliabilityError(error) || error.code !== 'INVALID_OPTIONS') throw error;
      const { order } = method.callOptions;
      throw new InvalidOptionsError([{ path: `${method.site}.order`, rule: error.message, value: order }]);
    }
  }
}

const isUnderWay = ({ chain, byNames }: LinkedMethod) =>
  (chain?.inFlight ?? 0) > 0 || [...byNames.values()].some(({ inFlight }) => inFlight > 0);

const isStream = ({ resultKind }: ProtectedMethod) => isLate(resultKind) && resultKind !== 'query';

function nameOf(method: ProtectedMethod, fn: OfArguments<string>, call: Call): string {
  let name: unknown;
  try {
    name = ofCall(fn)(call);
  } catch (error) {
    throw new InvalidUseError('(computed)', method.site, 'name', 'the function threw', undefined, error);
  }
  if (typeof name === 'string') return name;
  throw new InvalidUseError('(computed)', method.site, 'name', 'must give the name of a configured policy', name);
}

function deadlineOf(method: ProtectedMethod, given: number | OfArguments<number>, call: Call): number {
  let deadlineMs: unknown = given;
  try {
    if (typeof given === 'function') deadlineMs = ofCall(given)(call);
  } catch (error) {
    throw new InvalidUseError('deadline', method.site, 'deadlineMs', 'the function threw', undefined, error);
  }
  if (typeof deadlineMs === 'number' && deadlineMs > 0) return deadlineMs;
  throw new InvalidUseError('deadline', method.site, 'deadlineMs', 'must be a positive number of ms', deadlineMs);
}
