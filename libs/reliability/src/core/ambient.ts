import { AsyncLocalStorage } from 'node:async_hooks';
import type { Call } from './call.js';
import type { Clock } from './clock.js';

/** What a call hands down to the calls made in the course of it. */
export interface Ambient {
  /** Monotonic ms of {@link clock}; `Infinity` for none. */
  readonly deadline: number;
  readonly clock: Clock;
  /** Ends every call made in the course of this one. */
  readonly signal?: AbortSignal;
  /** Handed down to work that came in when the application took no new calls any more. */
  readonly tooLate?: boolean;
}

const NOTHING: Ambient = {
  deadline: Infinity,
  clock: { now: () => 0, wallNow: () => 0, schedule: () => ({ cancel() {} }) },
};

/** Made by the first call that hands something down: a process without deadlines does not pay for it. */
let storage: AsyncLocalStorage<Ambient> | undefined;

/** Runs `work` so that protected calls made by it keep the deadline and follow the signal. */
export function handDown<T>(ambient: Ambient, work: () => T): T {
  return (storage ??= new AsyncLocalStorage()).run(ambient, work);
}

/** As {@link handDown} of a deadline alone; the signal handed down to here goes on. */
export function handDownDeadline<T>(deadline: number, clock: Clock, work: () => T): T {
  const outer = handedDown();
  return handDown({ deadline, clock, signal: outer?.signal, tooLate: outer?.tooLate }, work);
}

/** Runs `work` outside the deadline and signal of the call that it is started from: for work that outlives the call. */
export function detached<T>(work: () => T): T {
  return storage === undefined ? work() : storage.run(NOTHING, work);
}

/** Whether what runs here is done for a request or call that was admitted and said so. */
export function isPartOfAdmitted(): boolean {
  const ambient = handedDown();
  return ambient !== undefined && ambient !== NOTHING && ambient.tooLate !== true;
}

/** What was handed down to here. */
export function handedDown(): Ambient | undefined {
  return storage?.getStore();
}

/** Ms until the deadline of the call in whose course this runs; `undefined` without one, never negative. */
export function remainingMs(): number | undefined {
  const ambient = handedDown();
  if (ambient === undefined || ambient.deadline === Infinity) return undefined;
  return Math.max(0, ambient.deadline - ambient.clock.now());
}

/** Makes a call keep what was handed down to where it is made. */
export function inherit(call: Call, clock: Clock): void {
  if (storage !== undefined) inheritFrom(storage.getStore(), call, clock);
}

function inheritFrom(ambient: Ambient | undefined, call: Call, clock: Clock): void {
  if (ambient === undefined) return;
  if (ambient.deadline !== Infinity) {
    const deadline =
      ambient.clock === clock ? ambient.deadline : clock.now() + (ambient.deadline - ambient.clock.now());
    if (deadline < call.deadline) call.deadline = deadline;
  }
  if (ambient.signal !== undefined) call.follow(ambient.signal);
}
