import { endianness } from 'node:os';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import type { Task, Timer } from './timer.js';
import { TimerWheel } from './timer-wheel.js';

/**
 * The only source of time. `now` is monotonic and is what every duration, window and expiry is computed from;
 * `wallNow` is for display and for comparing with dates that others sent.
 */
export interface Clock {
  /** Monotonic milliseconds, fractional, from an arbitrary origin. Never steps back. */
  now(): number;
  /** Milliseconds since the Unix epoch. May step in either direction. */
  wallNow(): number;
  /**
   * Runs `task` once, `delayMs` from now: never early, late by at most one wheel tick ({@link TimerWheel.tickMs})
   * and the event loop's own delay. Delays beyond 2^31−1 ms are right; `Infinity` never fires.
   * The timer does not keep the process alive. `now` saves a reading of the clock to a caller that just took one.
   */
  schedule(delayMs: number, task: Task, now?: number): Timer;
}

const { hrtime } = process;
const nanoseconds = new BigInt64Array(1);
const [low, high] = endianness() === 'LE' ? [0, 1] : [1, 0];
const halves = new Uint32Array(nanoseconds.buffer);

/**
 * The clock of `performance.now`, a third cheaper and without a boxed number: V8 moves the reading into the array without
 * ever making a BigInt of it. The halves add up exactly, so that rounding cannot make it step back.
 */
function msSinceBoot(): number {
  nanoseconds[0] = hrtime.bigint();
  return (halves[high]! * 4_294_967_296 + halves[low]!) * 1e-6;
}

/**
 * Counts from where `performance.now` does, give or take microseconds: who reads that one may compare. The second of two
 * readings can only be late, so the largest difference is the best.
 */
const origin = Math.max(...Array.from({ length: 5 }, () => msSinceBoot() - performance.now()));

const monotonicMs = () => msSinceBoot() - origin;

class SystemClock implements Clock {
  readonly #wheel = new TimerWheel(monotonicMs, (ms, task) => {
    const handle = setTimeout(task, ms);
    handle.unref();
    return () => clearTimeout(handle);
  });

  now(): number {
    return monotonicMs();
  }

  wallNow(): number {
    return Date.now();
  }

  schedule(delayMs: number, task: Task, now?: number): Timer {
    return this.#wheel.schedule(delayMs, task, now);
  }
}

/** The process's own clock. */
export const systemClock: Clock = new SystemClock();
