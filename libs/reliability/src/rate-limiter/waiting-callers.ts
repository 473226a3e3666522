import type { Call } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import type { Priority } from '../core/priority.js';
import type { QueueOwner, Unserved, Waiter, WaitQueueOptions } from '../core/wait-queue.js';
import { WaitQueue } from '../core/wait-queue.js';
import { ByLength } from './by-length.js';

/** What the queues ask of the limiter that they belong to. `T` is a permit or a refusal. */
export interface Admitting<T> {
  /** Ms until this call can be given what it costs. */
  waitOf(key: string | undefined, waiter: Waiter, now: number): number;
  /** Takes it: `waitOf` has just said 0. */
  takeFor(key: string | undefined, waiter: Waiter, now: number): T;
  refuseWaiting(key: string | undefined, why: Unserved, waiter: Waiter, now: number): T;
}

interface Line<T> {
  readonly key: string | undefined;
  readonly queue: WaitQueue<T>;
  /** Its size when last counted in. */
  counted: number;
}

/**
 * The calls that wait for permits: one queue for the limiter as a whole and one for each key, so that nobody waits for
 * another's permits. A key's queue exists as long as somebody is in it.
 */
export class WaitingCallers<T> {
  private readonly whole: Line<T>;
  private readonly byKey = new Map<string | undefined, Line<T>>();
  private readonly lengths = new ByLength<Line<T>>();
  private waiting = 0;

  constructor(
    private readonly clock: Clock,
    private readonly admitting: Admitting<T>,
    private options: WaitQueueOptions,
  ) {
    this.whole = this.line(undefined);
  }

  /** Calls waiting, over all keys. */
  get size(): number {
    return this.waiting;
  }

  configure(options: WaitQueueOptions): void {
    this.options = options;
  }

  /** Whether somebody waits for the permits of this key. */
  isQueued(key: string | undefined): boolean {
    return this.waiting > 0 && (key === undefined ? this.whole.counted > 0 : this.byKey.has(key));
  }

  count(priority: Priority): number {
    let count = this.whole.queue.count(priority);
    for (const { queue } of this.byKey.values()) count += queue.count(priority);
    return count;
  }

  /** Cost of those who would be served before a newcomer. */
  costAhead(key: string | undefined, priority: Priority): number {
    return this.find(key)?.queue.costAhead(priority) ?? 0;
  }

  /** Lets a call wait; gives the refusal when it cannot. */
  enter(
    key: string | undefined,
    call: Call,
    priority: Priority,
    cost: number,
    now: number,
    expiresAt: number,
  ): T | Promise<T> {
    const line = this.find(key) ?? this.line(key);
    const { agingMs, capacity } = this.options;
    if (this.waiting >= capacity) this.makeRoom(line, priority, now);
    // The bound is over all queues.
    line.queue.options = { agingMs, capacity: capacity - (this.waiting - line.counted) };
    if (key !== undefined) this.byKey.set(key, line);
    const answer = line.queue.enter(call, priority, cost, now, expiresAt);
    this.recount(line);
    this.serveLine(line, now);
    return answer;
  }

  /** Serves who can be served: after permits came back, or a pause ended early. */
  serve(key: string | undefined, now: number): void {
    const line = this.find(key);
    if (line !== undefined) this.serveLine(line, now);
  }

  serveAll(now: number): void {
    this.serveLine(this.whole, now);
    for (const line of Array.from(this.byKey.values())) this.serveLine(line, now);
  }

  close(now: number): void {
    this.whole.queue.close(now);
    for (const line of Array.from(this.byKey.values())) line.queue.close(now);
  }

  /** Nobody's queue fills the room of all: whoever has more in it than the newcomer will have gives a place up. */
  private makeRoom(newcomers: Line<T>, priority: Priority, now: number): void {
    const longest = this.lengths.longest;
    if (longest !== undefined && longest.counted > newcomers.counted + 1) longest.queue.makeRoom(priority, now);
  }

  private find(key: string | undefined): Line<T> | undefined {
    return key === undefined ? this.whole : this.byKey.get(key);
  }

  private serveLine(line: Line<T>, now: number): void {
    const { key, queue } = line;
    for (let head = queue.head(); head !== undefined; head = queue.head()) {
      const wait = this.admitting.waitOf(key, head, now);
      if (wait > 0) {
        queue.wakeAt(now + wait, now);
        break;
      }
      queue.serve(head, this.admitting.takeFor(key, head, now));
    }
    this.recount(line);
  }

  private recount(line: Line<T>): void {
    const { size } = line.queue;
    if (size === line.counted) return;
    this.waiting += size - line.counted;
    this.lengths.move(line, line.counted, size);
    line.counted = size;
    if (size === 0) this.byKey.delete(line.key);
  }

  private line(key: string | undefined): Line<T> {
    const owner: QueueOwner<T> = {
      serve: (now) => this.serveLine(line, now),
      refuse: (why, waiter, now) => {
        this.recount(line);
        return this.admitting.refuseWaiting(key, why, waiter, now);
      },
    };
    const line: Line<T> = { key, queue: new WaitQueue(this.options, this.clock, owner), counted: 0 };
    return line;
  }
}
