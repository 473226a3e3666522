import { handDownDeadline, inherit } from '../core/ambient.js';
import { Call } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import { InvalidUseError } from '../core/errors.js';
import type { EndpointRef } from '../core/endpoint.js';
import type { Next } from '../core/policy.js';
import { PRIORITIES, type Priority } from '../core/priority.js';
import { Refusal } from '../core/refusal.js';
import { isThenable } from '../core/thenable.js';
import { PendingRun, throwRefusal } from './attempt-frame.js';
import type { Chain, CallOutcome } from './chain.js';

/** What a function run through a chain may look at. */
export interface CallContext {
  /** Aborted when the attempt is: made on first use. */
  readonly signal: AbortSignal;
  /** Where a balancer sends this attempt. */
  readonly endpoint: EndpointRef | undefined;
  /** 1 for the first attempt. */
  readonly attempt: number;
}

export type Work<T> = (context: CallContext) => T;

/** What one execution may say about itself. */
export interface ExecuteOptions {
  readonly priority?: Priority;
  /** Time that the whole call may take, in ms, waiting and repetitions included. */
  readonly deadlineMs?: number;
  /** Ends the call when it is aborted. */
  readonly signal?: AbortSignal;
  /** `false`: a repetition could do harm. `true`: it cannot. */
  readonly idempotent?: boolean;
  /** Whose call it is (tenant, symbol, host): policies keep state apart per key, and tenants may have settings. */
  readonly key?: string;
  /** Arguments that key, priority and cost functions look at. */
  readonly args?: readonly unknown[];
}

const KEY = Symbol('key of the execution');

/** For uses of policies by executions that bring a key. */
export const keyOfExecution = (call: Call): string => call.attachment(KEY) as string;

const NO_OPTIONS: ExecuteOptions = {};
const NO_ARGUMENTS: readonly unknown[] = [];

/** The innermost link of a chain that runs functions: gives the function the call as its context. */
export const runWork: Next = (call) => begun((call.target as Work<unknown>)(call));

/** Queries and promises of other libraries and realms as a promise: the policies take anything else for a value. */
const begun = (result: unknown): unknown =>
  result instanceof Promise || !isThenable(result) ? result : Promise.resolve(result);

/** As {@link runWork}; a call with a deadline hands it to the calls made in its course. */
export const runWorkBy =
  (clock: Clock): Next =>
  (call) =>
    call.deadline === Infinity ? runWork(call) : handDownDeadline(call.deadline, clock, () => runWork(call));

/** Runs `work` through the chain. Refusals and failures become rejections. */
export function executeWork<T>(
  chain: Chain,
  name: string,
  work: Work<T>,
  options: ExecuteOptions = NO_OPTIONS,
): Promise<Awaited<T>> {
  try {
    const answer = chain.answer(callOf(chain, name, work, options));
    return (answer instanceof Promise ? answer : Promise.resolve(orRejection(answer))) as Promise<Awaited<T>>;
  } catch (error) {
    return Promise.reject(error);
  }
}

/** What {@link Chain.answer} gives, with a refusal as a rejection. */
export function refusalRejected(answer: unknown): unknown {
  return answer instanceof Promise ? answer : orRejection(answer);
}

function orRejection(answer: unknown): unknown {
  if (answer instanceof Refusal) return Promise.reject(answer.toError());
  return answer instanceof PendingRun ? answer.promise.then(throwRefusal) : answer;
}

/** As {@link executeWork}, with the outcome as a value and refusals without an error. */
export function tryExecuteWork<T>(
  chain: Chain,
  name: string,
  work: Work<T>,
  options: ExecuteOptions = NO_OPTIONS,
): CallOutcome | Promise<CallOutcome> {
  return chain.tryExecute(callOf(chain, name, work, options));
}

/** @throws InvalidUseError for work that is no function, and for options that cannot be */
function callOf<T>(chain: Chain, name: string, work: Work<T>, options: ExecuteOptions): Call {
  if (typeof work !== 'function') throw noFunction(name, work);
  const { clock } = chain.capabilities;
  const call = new Call(name, work, undefined, options.args ?? NO_ARGUMENTS);
  inherit(call, clock);
  if (options !== NO_OPTIONS) apply(options, call, clock);
  return call;
}

const noFunction = (name: string, work: unknown): Error =>
  new InvalidUseError(name, name, 'work', 'must be a function', work);

/** @throws InvalidUseError for options that would be without effect, or spoil the chain */
function check({ priority, deadlineMs, signal }: ExecuteOptions, name: string): void {
  const refuse = (what: string, rule: string, value: unknown): never => {
    throw new InvalidUseError(name, name, what, rule, value);
  };
  if (deadlineMs !== undefined && (typeof deadlineMs !== 'number' || Number.isNaN(deadlineMs))) {
    refuse('deadlineMs', 'must be a number of ms', deadlineMs);
  }
  if (priority !== undefined && !PRIORITIES.includes(priority)) {
    refuse('priority', `must be one of ${PRIORITIES.join(', ')}`, priority);
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    refuse('signal', 'must be an AbortSignal', signal);
  }
}

function apply(options: ExecuteOptions, call: Call, clock: Clock): void {
  check(options, call.name);
  if (options.key !== undefined) call.attach(KEY, options.key);
  if (options.priority !== undefined) call.priority = options.priority;
  if (options.idempotent !== undefined) call.idempotent = options.idempotent;
  if (options.deadlineMs !== undefined) {
    call.deadline = Math.min(call.deadline, clock.now() + options.deadlineMs);
  }
  if (options.signal !== undefined) call.follow(options.signal);
}
