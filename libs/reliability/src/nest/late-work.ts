import type { Call } from '../core/call.js';

/** Calls the method itself for one attempt. */
export type Make = () => unknown;

/** Begins the work of one attempt and promises its decisive moment. */
export type Begin = (attempt: Call, make: Make) => Promise<unknown>;

/** Runs a call of its own through the chain of a method, whose attempts are begun by `begin`. */
export interface LateRun {
  /** The call, to be aborted when nobody wants its result any more. */
  readonly call: Call;
  /** Starts it. Gives what the decisive moment gives, or what a policy answers instead; may throw at once. */
  start(): unknown;
}

export type RunLate = (begin: Begin) => LateRun;

/** Why the call of a stream is aborted whose reader has left: nobody's fault. */
export const READER_LEFT = new DOMException('The reader of the stream has left', 'AbortError');

/** Runs `start` so that what it throws is a rejection. */
export function asPromise(start: () => unknown): Promise<unknown> {
  try {
    return Promise.resolve(start());
  } catch (error) {
    return Promise.reject(error);
  }
}
