import type { Call } from '../core/call.js';
import type { Clock } from '../core/clock.js';

/** When a waiting caller's own time is up. */
export interface WaitExpiry {
  readonly clock: Clock;
  readonly inMs: number;
  error(): unknown;
}

/** Work in flight that several callers wait for. It is aborted when the last of them has given up. */
export class SharedWork {
  #waiting = 0;

  constructor(
    /** The call under which the work runs: nobody's own. */
    readonly call: Call,
    readonly result: Promise<unknown>,
  ) {}

  wait(caller: Call, expiry: WaitExpiry | undefined): Promise<unknown> {
    this.#waiting += 1;
    if (!caller.abortable && expiry === undefined) return this.result;
    return new Promise((resolve, reject) => {
      const giveUp = (reason: unknown) => {
        release();
        this.#waiting -= 1;
        if (this.#waiting === 0) this.call.abort(reason);
        reject(reason);
      };
      const timer = expiry?.clock.schedule(expiry.inMs, () => giveUp(expiry.error()));
      const unsubscribe = caller.onAbort(giveUp);
      const release = () => {
        timer?.cancel();
        unsubscribe();
      };
      this.result.then(
        (value) => {
          release();
          resolve(value);
        },
        (error: unknown) => {
          release();
          reject(error);
        },
      );
    });
  }
}
