import type { Clock } from '../core/clock.js';
import { runTask, type Task, type Timer } from '../core/timer.js';

interface Scheduled extends Timer {
  readonly dueAt: number;
  task: Task | undefined;
}

/**
 * A clock that only moves when told to. Tasks run exactly when due, in order of their time, first scheduled first.
 */
export class ManualClock implements Clock {
  #now = 0;
  #wallOffset: number;
  #scheduled: Scheduled[] = [];

  constructor(wallStart = Date.UTC(2026, 0, 1)) {
    this.#wallOffset = wallStart;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#wallOffset + this.#now;
  }

  /** Sets the wall clock forward or back, as NTP or an operator does; `now` is not affected. */
  stepWall(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#scheduled.length;
  }

  schedule(delayMs: number, task: Task, now = this.#now): Timer {
    const scheduled: Scheduled = {
      dueAt: now + Math.max(0, delayMs),
      task,
      cancel: () => {
        scheduled.task = undefined;
        this.#scheduled = this.#scheduled.filter((other) => other !== scheduled);
      },
    };
    if (scheduled.dueAt < Infinity) this.#scheduled.push(scheduled);
    return scheduled;
  }

  /** Moves time on and runs what falls due, without letting promises settle in between. */
  advance(ms: number): void {
    const target = this.#now + ms;
    for (let next = this.#takeNext(target); next !== undefined; next = this.#takeNext(target)) runNext(next);
    this.#now = target;
  }

  /** As {@link advance}, and lets every promise settle before, between and after the tasks. */
  async run(ms: number): Promise<void> {
    const target = this.#now + ms;
    await settlePromises();
    for (let next = this.#takeNext(target); next !== undefined; next = this.#takeNext(target)) {
      runNext(next);
      await settlePromises();
    }
    this.#now = target;
    await settlePromises();
  }

  #takeNext(target: number): Scheduled | undefined {
    let next: Scheduled | undefined;
    for (const candidate of this.#scheduled) {
      if (candidate.dueAt <= target && (next === undefined || candidate.dueAt < next.dueAt)) next = candidate;
    }
    if (next === undefined) return undefined;
    this.#scheduled = this.#scheduled.filter((other) => other !== next);
    this.#now = Math.max(this.#now, next.dueAt);
    return next;
  }
}

function runNext({ task }: Scheduled): void {
  if (task !== undefined) runTask(task);
}

/** Lets all promise reactions that are ready, and those that they make ready, run. */
export function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
