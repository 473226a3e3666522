import type { Call } from './call.js';
import type { Clock } from './clock.js';
import type { Timer } from './timer.js';
import { ExpiryHeap } from './expiry-heap.js';
import type { Priority } from './priority.js';
import { PRIORITIES, PRIORITY_RANK } from './priority.js';

/**
 * Why a call left the queue, or never entered it, without being served.
 *
 * - `full`: no room, and nobody less urgent to make some
 * - `shed`: had to make room for a more urgent call
 * - `expired`: waited as long as it may
 * - `aborted`: its caller gave up, or its attempt was ended
 * - `closed`: the queue is shutting down
 */
export type Unserved = 'full' | 'shed' | 'expired' | 'aborted' | 'closed';

/** One call in the queue. */
export interface Waiter {
  readonly call: Call;
  readonly priority: Priority;
  /** What it will take when served; 1 where cost means nothing. */
  readonly cost: number;
  /** Monotonic ms at which it entered. */
  readonly since: number;
  /** Monotonic ms at which it stops waiting; `Infinity` for never. */
  readonly expiresAt: number;
}

export interface WaitQueueOptions {
  /** Most waiters at a time. */
  capacity: number;
  /**
   * Waiting this many ms weighs as much as one level of priority; without it the order between levels is strict, and
   * steady urgent traffic starves the rest until it expires.
   */
  agingMs: number | undefined;
}

/** What a queue needs of the policy that it belongs to. `T` is what a waiting call receives: a permit or a refusal. */
export interface QueueOwner<T> {
  /** The time set by {@link WaitQueue.wakeAt} has come: serve whom you can, then set the next time. */
  serve(now: number): void;
  /** The answer for a call that is not served. The queue has already forgotten it. */
  refuse(why: Unserved, waiter: Waiter, now: number): T;
}

/** @internal */
export class Node<T> implements Waiter {
  previous: Node<T> | undefined = undefined;
  next: Node<T> | undefined = undefined;
  heapIndex = -1;
  resolve: (answer: T) => void = () => undefined;
  release: () => void = () => undefined;

  constructor(
    readonly call: Call,
    readonly priority: Priority,
    readonly cost: number,
    readonly since: number,
    readonly expiresAt: number,
  ) {}
}

class Lane<T> {
  head: Node<T> | undefined = undefined;
  tail: Node<T> | undefined = undefined;
  cost = 0;
}

/**
 * Where callers wait for a limiter or a bulkhead: four levels of priority, first come first served within a level,
 * bounded. A full queue sheds the least urgent and, among those, the latest. Entering, serving, aborting and shedding
 * are O(log n) at most, and the whole queue has one timer at a time.
 */
export class WaitQueue<T> {
  readonly #lanes = PRIORITIES.map(() => new Lane<T>());
  readonly #expiries = new ExpiryHeap<Node<T>>();
  #size = 0;
  #closed = false;
  #serveAt = Infinity;
  #armedFor = Infinity;
  #timer: Timer | undefined = undefined;
  readonly #onRing = () => this.#ring();

  constructor(
    /** May be replaced at run time: a lower capacity applies to those who come, nobody is thrown out. */
    public options: WaitQueueOptions,
    private readonly clock: Clock,
    private readonly owner: QueueOwner<T>,
  ) {}

  get size(): number {
    return this.#size;
  }

  /** Waiters of one level. O(n): for display. */
  count(priority: Priority): number {
    let count = 0;
    for (let node = this.#lanes[PRIORITY_RANK[priority]]!.head; node !== undefined; node = node.next) count += 1;
    return count;
  }

  /** Cost of everybody who, in strict order, goes before a newcomer of this priority. */
  costAhead(priority: Priority): number {
    let cost = 0;
    for (let rank = 0; rank <= PRIORITY_RANK[priority]; rank += 1) cost += this.#lanes[rank]!.cost;
    return cost;
  }

  /** Whether {@link enter} would let a call of this priority in, if need be by shedding a less urgent one. */
  accepts(priority: Priority): boolean {
    return !this.#closed && (this.#size < this.options.capacity || this.#sheddable(priority) !== undefined);
  }

  /** Lets a call wait. Gives the owner's refusal at once when the call is already aborted or there is no room. */
  enter(call: Call, priority: Priority, cost: number, now: number, expiresAt: number): T | Promise<T> {
    const node = new Node<T>(call, priority, cost, now, expiresAt);
    if (this.#closed) return this.owner.refuse('closed', node, now);
    if (call.aborted) return this.owner.refuse('aborted', node, now);
    let victim: Node<T> | undefined;
    if (this.#size >= this.options.capacity) {
      victim = this.#sheddable(priority);
      if (victim === undefined) return this.owner.refuse('full', node, now);
      this.#remove(victim);
    }
    const answer = new Promise<T>((resolve) => {
      node.resolve = resolve;
    });
    this.#append(node);
    node.release = call.onAbort(() => this.#leave(node, 'aborted', this.clock.now()));
    this.#arm(now);
    if (victim !== undefined) this.#answerRefused(victim, 'shed', now);
    return answer;
  }

  /**
   * Refuses the latest of the least urgent waiters, if they are no more urgent than `priority`, so that somebody in
   * another queue under the same bound can wait.
   * @returns whether there was one
   */
  makeRoom(priority: Priority, now: number): boolean {
    const victim = this.#latestFrom(PRIORITY_RANK[priority]);
    if (victim !== undefined) this.#leave(victim, 'shed', now);
    return victim !== undefined;
  }

  /** Who is next: the most urgent level first, unless ageing has carried another's oldest past it. */
  head(): Waiter | undefined {
    const { agingMs } = this.options;
    let best: Node<T> | undefined;
    let bestKey = Infinity;
    for (let rank = 0; rank < this.#lanes.length; rank += 1) {
      const { head } = this.#lanes[rank]!;
      if (head === undefined) continue;
      if (agingMs === undefined) return head;
      const key = head.since + rank * agingMs;
      if (key < bestKey) {
        best = head;
        bestKey = key;
      }
    }
    return best;
  }

  /** Serves a waiter that {@link head} gave. */
  serve(waiter: Waiter, answer: T): void {
    const node = waiter as Node<T>;
    this.#remove(node);
    node.release();
    node.resolve(answer);
  }

  /** When the owner wants to be asked to serve; replaces the time set before. `Infinity`: not by time. */
  wakeAt(at: number, now: number): void {
    this.#serveAt = at;
    this.#arm(now);
  }

  /** Refuses everybody who waits and everybody who comes. */
  close(now: number): void {
    this.#closed = true;
    for (let head = this.head(); head !== undefined; head = this.head()) this.#leave(head as Node<T>, 'closed', now);
  }

  #append(node: Node<T>): void {
    const lane = this.#lanes[PRIORITY_RANK[node.priority]]!;
    node.previous = lane.tail;
    if (lane.tail === undefined) lane.head = node;
    else lane.tail.next = node;
    lane.tail = node;
    lane.cost += node.cost;
    this.#size += 1;
    if (node.expiresAt < Infinity) this.#expiries.add(node);
  }

  #remove(node: Node<T>): void {
    const lane = this.#lanes[PRIORITY_RANK[node.priority]]!;
    if (node.previous === undefined) lane.head = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) lane.tail = node.previous;
    else node.next.previous = node.previous;
    node.previous = node.next = undefined;
    lane.cost = lane.head === undefined ? 0 : lane.cost - node.cost;
    this.#size -= 1;
    if (node.heapIndex >= 0) this.#expiries.remove(node);
    if (this.#size === 0) this.#disarm();
  }

  #leave(node: Node<T>, why: Unserved, now: number): void {
    const wasHead = this.head() === node;
    this.#remove(node);
    this.#answerRefused(node, why, now);
    // Whoever was held up behind it, asking for less, may be able to go at once.
    if (wasHead && this.#size > 0 && !this.#closed) this.owner.serve(now);
  }

  #answerRefused(node: Node<T>, why: Unserved, now: number): void {
    node.release();
    node.resolve(this.owner.refuse(why, node, now));
  }

  /** The latest of the least urgent level, if that is less urgent than `priority`. */
  #sheddable(priority: Priority): Node<T> | undefined {
    return this.#latestFrom(PRIORITY_RANK[priority] + 1);
  }

  /** The latest of the least urgent level, if that is of this rank or less urgent. */
  #latestFrom(mostUrgent: number): Node<T> | undefined {
    for (let rank = this.#lanes.length - 1; rank >= mostUrgent; rank -= 1) {
      const { tail } = this.#lanes[rank]!;
      if (tail !== undefined) return tail;
    }
    return undefined;
  }

  /** A timer that rings before anything is due costs less than replacing it at each change: only an earlier one does. */
  #arm(now: number): void {
    const due = Math.min(this.#serveAt, this.#expiries.earliest);
    if (this.#size === 0 || due >= this.#armedFor) return;
    this.#timer?.cancel();
    this.#armedFor = due;
    this.#timer = this.clock.schedule(Math.max(due - now, SHORTEST_DELAY_MS), this.#onRing, now);
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedFor = this.#serveAt = Infinity;
  }

  #ring(): void {
    this.#timer = undefined;
    this.#armedFor = Infinity;
    const now = this.clock.now();
    for (let due = this.#expiries.due(now); due !== undefined; due = this.#expiries.due(now)) {
      this.#leave(due, 'expired', now);
    }
    if (this.#serveAt <= now) {
      this.#serveAt = Infinity;
      this.owner.serve(now);
    }
    this.#arm(now);
  }
}

/** Keeps a wake-up whose time is lost in the rounding of the clock from being repeated without time passing. */
const SHORTEST_DELAY_MS = 2 ** -10;
