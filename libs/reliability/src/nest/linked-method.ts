import type { Chain } from '../chain/chain.js';
import { handDownDeadline } from '../core/ambient.js';
import type { Call } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import type { Next } from '../core/policy.js';
import { callOriginal } from './fill-parameters.js';
import { LateResult } from './late-result.js';
import type { OfArguments } from './method-types.js';
import type { ProtectedMethod } from './protected-method.js';
import { isLate, kindOfResult, type ResultKind } from './result-kind.js';

/** What one application made of a protected method. */
export interface LinkedMethod {
  readonly method: ProtectedMethod;
  /** Of the registry; `NaN` when every call has to be looked at anew. */
  readonly version: number;
  readonly kind: ResultKind;
  /** `Class.method`, unique in the application. */
  readonly site: string;
  /** The chain, when no name has to be computed. */
  readonly chain: Chain | undefined;
  /** The same, of a method that is known to give promises and is to be protected. */
  readonly promised: Chain | undefined;
  /** Functions that give names, each once, in order of first mention. */
  readonly nameFunctions: readonly OfArguments<string>[];
  /** Chains by the names computed. */
  readonly byNames: Map<string, Chain>;
  /** The innermost link of its chains. */
  readonly invoke: Next;
  readonly callOriginal: Next;
  /** Nothing is to be done for this method: its configured chain is empty and no parameter is filled in. */
  readonly unprotected: boolean;
  /** Position of the `@Signal()` parameter: a signal that the caller passes there ends the call. */
  readonly signalAt: number;
  /** Whether something is to be said about each call before it runs. */
  readonly prepare: boolean;
  /** Policies that may wait, where the method has not declared to give its result later. */
  readonly waiting: readonly string[];
}

/** Policies around that can do nothing for a value that is there at once. */
const LATER_ONLY: ReadonlySet<string> = new Set(['retry', 'hedge', 'time-limit', 'deadline']);

export function linkMethod(
  method: ProtectedMethod,
  site: string,
  version: number,
  clock: Clock,
  link: (invoke: Next) => Chain,
): LinkedMethod {
  const original = callOriginal(method);
  const invoke = handingDown(innermost(method, original), clock);
  const names = [...method.references, ...method.chains].map(({ name }) => name);
  const nameFunctions = [...new Set(names.filter((name) => typeof name === 'function'))];
  const chain = nameFunctions.length === 0 ? link(invoke) : undefined;
  const signalAt = [...method.parameters()].find(([, kind]) => kind === 'signal')?.[0] ?? -1;
  const { deadlineMs } = method.callOptions;
  const unprotected = chain?.links.length === 0 && method.parameters().size === 0 && deadlineMs === undefined;
  return {
    method,
    version,
    kind: method.resultKind,
    site,
    chain,
    promised: method.resultKind === 'promise' && !unprotected ? chain : undefined,
    nameFunctions,
    byNames: new Map(),
    invoke,
    callOriginal: original,
    unprotected,
    signalAt,
    prepare: signalAt >= 0 || method.idempotent !== undefined || deadlineMs !== undefined,
    waiting: chain === undefined || method.resultKind === 'promise' ? [] : waitingPolicies(chain),
  };
}

/** Types of the policies of a chain that may wait. */
export function waitingPolicies(chain: Chain): string[] {
  return chain.links
    .filter(({ policy }) => (policy.kind === 'admission' ? policy.waits : LATER_ONLY.has(policy.type)))
    .map(({ policy }) => `${policy.type} "${policy.name}"`);
}

function innermost(method: ProtectedMethod, original: Next): Next {
  if (isLate(method.resultKind)) return (call) => (call.target as Next)(call);
  return (call) => {
    const result = original(call);
    return result instanceof Promise ? result : otherResult(method, result);
  };
}

function otherResult(method: ProtectedMethod, result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result;
  return method.resultKind === 'promise' ? settledLater(result) : undeclared(method, result);
}

function settledLater(result: object): unknown {
  return 'then' in result ? Promise.resolve(result) : result;
}

function undeclared(method: ProtectedMethod, result: object): unknown {
  const kind = kindOfResult(result);
  if (kind === undefined) return result;
  if (kind === 'foreign-promise') return Promise.resolve(result);
  method.resultKind = kind;
  return new LateResult(kind, result);
}

/** A call with a deadline hands it to the calls made in its course. */
export function handingDown(next: Next, clock: Clock): Next {
  return (call: Call) =>
    call.deadline === Infinity ? next(call) : handDownDeadline(call.deadline, clock, () => next(call));
}
