import type { Call } from '../core/call.js';
import { DurationHistogram, WAIT_BOUNDS_MS } from '../core/duration-histogram.js';
import { classify } from '../core/classification/classify.js';
import { KeyedStates } from '../core/keyed-states.js';
import type { Outcome } from '../core/outcome.js';
import type { Admission, AdmissionPolicy, Permit, PolicyContext, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import { PRIORITIES, type Priority, PRIORITY_RANK } from '../core/priority.js';
import { costOf, keyOf, priorityOf, type Use } from '../core/use.js';
import { WaitQueue } from '../core/wait-queue.js';
import type { AdaptiveConcurrency } from './adaptive-concurrency.js';
import { BulkheadRefusal, type BulkheadRefusalReason } from './bulkhead-full-error.js';
import { bulkheadOptions, type ResolvedBulkheadOptions } from './bulkhead.options.js';
import { Compartment } from './compartment.js';
import { createAdaptiveConcurrency } from './limit-rules.js';
import { LoadGate } from './load-gate.js';
import { ProcessLoad } from './process-load.js';

type Slots = Compartment<WaitQueue<Permit | BulkheadRefusal>, AdaptiveConcurrency>;

/** A permit that remembers more than its cost: by whose slots it was given, and what an adaptive limit learns from. */
class Slot {
  constructor(
    readonly slots: Slots,
    readonly cost: number,
    readonly startedAt: number,
  ) {}
}

/**
 * Limits how much work is under way at a time. A slot is held until the work has ended, not until its caller has
 * stopped waiting: work that a time limit or a hedge left behind goes on using what the bulkhead protects.
 *
 * Callers without a slot wait, the most urgent first, first come first served within a priority; whoever waits gains on
 * the others, so that nobody waits for ever. A newcomer never overtakes those who wait.
 */
export class Bulkhead implements AdmissionPolicy {
  readonly kind = 'admission';
  readonly type = 'bulkhead';
  readonly timed: boolean;
  private readonly gate = new LoadGate();
  private readonly load: ProcessLoad;
  private readonly slots: Slots;
  private keyed: KeyedStates<Slots> | undefined;
  private closed = false;
  private admitted = 0;
  private settled = 0;
  private ended = 0;
  private waited = 0;
  private durations: DurationHistogram | undefined;
  private readonly refused: Record<BulkheadRefusalReason, number> = {
    full: 0,
    shed: 0,
    expired: 0,
    aborted: 0,
    closed: 0,
    overloaded: 0,
  };

  constructor(
    readonly name: string,
    private options: ResolvedBulkheadOptions,
    private readonly context: PolicyContext,
  ) {
    this.timed = options.adaptive !== undefined;
    this.load = context.shared('process-load', 'process', () => new ProcessLoad(context.clock));
    this.slots = this.makeSlots(undefined);
  }

  get waits(): boolean {
    return this.options.maxQueued > 0;
  }

  admit(call: Call, now: number, use: Use): Admission {
    const { options } = this;
    const slots = this.slots;
    if (
      use.key === undefined &&
      use.cost === undefined &&
      options.shed === undefined &&
      options.leastUrgent === undefined &&
      slots.queue === undefined &&
      slots.adaptive === undefined &&
      slots.fits(1, options.maxConcurrent)
    ) {
      slots.take(1);
      this.admitted += 1;
      return 1;
    }
    return this.admitOne(call, now, use);
  }

  private admitOne(call: Call, now: number, use: Use): Admission {
    const slots = use.key === undefined ? this.slots : this.slotsOf(keyOf(use, call, this.name)!);
    const cost = use.cost === undefined ? 1 : costOf(use, call, this.name);
    if (this.options.leastUrgent !== undefined && this.isLessUrgent(this.options.leastUrgent, call, use)) {
      return this.refuse(slots, 'overloaded', priorityOf(use, call, this.name));
    }
    if (this.options.shed !== undefined && this.overloaded(call, use)) {
      return this.refuse(slots, 'overloaded', priorityOf(use, call, this.name));
    }
    if ((slots.queue === undefined || slots.queue.size === 0) && slots.fits(cost, this.limitOf(slots))) {
      return this.take(slots, cost, now);
    }
    return this.enqueue(slots, call, use, cost);
  }

  settle(permit: Permit, outcome: Outcome, _call: Call, now: number): void {
    this.settled += 1;
    if (typeof permit === 'object') this.learn(permit as Slot, outcome, now);
  }

  end(permit: Permit): void {
    this.ended += 1;
    if (typeof permit === 'number') this.giveBack(this.slots, permit);
    else this.giveBack((permit as Slot).slots, (permit as Slot).cost);
  }

  /**
   * Slots in use and the queue stay as they are: a lower limit is reached as work ends, a higher one serves the queue
   * at once. An adaptive limit keeps what it learned unless its options changed.
   */
  reconfigure(options: ResolvedBulkheadOptions): void {
    const sameRule =
      options.maxConcurrent === this.options.maxConcurrent && sameOptions(options.adaptive, this.options.adaptive);
    this.options = options;
    this.keyed?.reconfigure({ maxKeys: options.maxKeys, idleMs: options.keyIdleMs });
    for (const slots of this.everySlots()) {
      if (!sameRule) slots.adaptive = this.makeAdaptive();
      if (slots.queue === undefined) continue;
      slots.queue.options = queueOptions(options);
      this.serve(slots);
    }
  }

  inspect(now: number): PolicySnapshot {
    const { adaptive } = this.slots;
    const all = [...this.everySlots()];
    return {
      type: this.type,
      name: this.name,
      limit: this.limitOf(this.slots),
      maxConcurrent: this.options.maxConcurrent,
      algorithm: this.options.adaptive?.algorithm,
      vetoes: adaptive?.vetoes,
      inFlight: this.admitted - this.ended,
      abandoned: this.settled - this.ended,
      used: all.reduce((sum, { used }) => sum + used, 0),
      queued: all.reduce((sum, { queue }) => sum + (queue?.size ?? 0), 0),
      admitted: this.admitted,
      waited: this.waited,
      waiting: Object.fromEntries(
        PRIORITIES.map((priority) => [
          priority,
          all.reduce((sum, { queue }) => sum + (queue === undefined ? 0 : queue.count(priority)), 0),
        ]),
      ),
      durations: this.durations?.snapshot(),
      refused: { ...this.refused },
      shedding: this.gate.refusing,
      load: this.options.shed === undefined ? undefined : this.load.inspect(now),
      keys: this.keyed?.size,
      keysOverflowed: this.keyed?.overflowed,
    };
  }

  measure(): void {
    this.durations ??= new DurationHistogram(WAIT_BOUNDS_MS);
  }

  close(): void {
    this.closed = true;
    for (const { queue } of this.everySlots()) queue?.close(this.context.clock.now());
  }

  private isLessUrgent(least: Priority, call: Call, use: Use): boolean {
    return PRIORITY_RANK[priorityOf(use, call, this.name)] > PRIORITY_RANK[least];
  }

  private overloaded(call: Call, use: Use): boolean {
    const load = this.load.relativeTo(this.options.shed!, this.context.clock.now());
    return this.gate.refuses(priorityOf(use, call, this.name), load);
  }

  private limitOf(slots: Slots): number {
    return slots.adaptive === undefined ? this.options.maxConcurrent : slots.adaptive.limit;
  }

  private take(slots: Slots, cost: number, now: number): Permit {
    slots.take(cost);
    this.admitted += 1;
    if (slots.adaptive === undefined && slots === this.slots) return cost;
    if (slots.key !== undefined && slots.running === 1) this.keyed!.pin(slots.key);
    const startedAt = slots.adaptive === undefined ? 0 : this.read(now);
    return new Slot(slots, cost, startedAt);
  }

  private giveBack(slots: Slots, cost: number): void {
    slots.giveBack(cost);
    if (slots.queue !== undefined || slots.key !== undefined) this.passOn(slots);
  }

  private passOn(slots: Slots): void {
    if (slots.queue !== undefined && slots.queue.size > 0) this.serve(slots);
    if (slots.key !== undefined && slots.running === 0) this.keyed!.unpin(slots.key);
  }

  private enqueue(slots: Slots, call: Call, use: Use, cost: number): Admission {
    const priority = priorityOf(use, call, this.name);
    if (this.closed) return this.refuse(slots, 'closed', priority);
    if (this.options.maxQueued === 0) return this.refuse(slots, 'full', priority);
    const queue = (slots.queue ??= this.makeQueue(slots));
    if (!queue.accepts(priority)) return this.refuse(slots, 'full', priority);
    this.waited += 1;
    const now = this.context.clock.now();
    return queue.enter(call, priority, cost, now, Math.min(now + this.options.maxWaitMs, call.deadline));
  }

  private serve(slots: Slots): void {
    const queue = slots.queue!;
    for (
      let head = queue.head();
      head !== undefined && slots.fits(head.cost, this.limitOf(slots));
      head = queue.head()
    ) {
      this.durations?.record(this.context.clock.now() - head.since);
      queue.serve(head, this.take(slots, head.cost, 0));
    }
  }

  private learn(slot: Slot, outcome: Outcome, settledAt: number): void {
    const { adaptive } = slot.slots;
    if (adaptive === undefined || outcome.kind === 'ignored') return;
    const dropped = outcome.kind === 'failure';
    if (dropped && !this.isDrop(outcome.error)) return;
    const now = this.read(settledAt);
    const before = adaptive.limit;
    if (!adaptive.observe(now - slot.startedAt, slot.slots.used, dropped, now)) return;
    if (adaptive.limit > before && slot.slots.queue !== undefined) this.serve(slot.slots);
    const { emit } = this.context;
    if (emit.wants('bulkhead.limit')) {
      const { key } = slot.slots;
      emit.emit({ type: 'bulkhead.limit', policy: this.name, at: now, key, from: before, to: adaptive.limit });
    }
  }

  private isDrop(error: unknown): boolean {
    const dropped = this.options.adaptive?.dropped;
    if (dropped !== undefined) return holds(dropped, error);
    const { errorClass } = classify(error);
    return errorClass === 'timeout' || errorClass === 'rateLimit';
  }

  private refuse(slots: Slots, reason: BulkheadRefusalReason, priority: Priority): BulkheadRefusal {
    this.refused[reason] += 1;
    const { emit, clock } = this.context;
    if (emit.wants('bulkhead.refused')) {
      emit.emit({ type: 'bulkhead.refused', policy: this.name, at: clock.now(), key: slots.key, reason, priority });
    }
    return new BulkheadRefusal(this.name, reason, slots.key, this.options.maxWaitMs);
  }

  /** The clock as read by the chain, or read here when the chain was linked while nothing looked at it. */
  private read(now: number): number {
    return now === 0 ? this.context.clock.now() : now;
  }

  private slotsOf(key: string): Slots {
    const { maxKeys, keyIdleMs } = this.options;
    const keyed = (this.keyed ??= new KeyedStates<Slots>({ maxKeys, idleMs: keyIdleMs }));
    const now = this.context.clock.now();
    const known = keyed.get(key, now);
    if (known !== undefined) return known;
    const slots = this.makeSlots(key);
    return keyed.set(key, slots, now) ? slots : this.slots;
  }

  private *everySlots(): IterableIterator<Slots> {
    yield this.slots;
    if (this.keyed !== undefined) for (const [, slots] of this.keyed.entries()) yield slots;
  }

  private makeSlots(key: string | undefined): Slots {
    return new Compartment(key, this.makeAdaptive());
  }

  private makeAdaptive(): AdaptiveConcurrency | undefined {
    const { adaptive, maxConcurrent } = this.options;
    return adaptive === undefined ? undefined : createAdaptiveConcurrency(adaptive, maxConcurrent, this.context.random);
  }

  private makeQueue(slots: Slots): WaitQueue<Permit | BulkheadRefusal> {
    return new WaitQueue<Permit | BulkheadRefusal>(queueOptions(this.options), this.context.clock, {
      serve: () => this.serve(slots),
      refuse: (why, { priority }) => this.refuse(slots, why, priority),
    });
  }
}

const queueOptions = ({ maxQueued, agingMs }: ResolvedBulkheadOptions) => ({ capacity: maxQueued, agingMs });

/** A predicate of the user's; what it throws is a no. */
function holds(predicate: (error: unknown) => boolean, error: unknown): boolean {
  try {
    return predicate(error);
  } catch {
    return false;
  }
}

function sameOptions(left: object | undefined, right: object | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  const entries = Object.entries(left);
  return (
    entries.length === Object.keys(right).length &&
    entries.every(([name, value]) => (right as Record<string, unknown>)[name] === value)
  );
}

export const bulkheadPolicy = {
  type: 'bulkhead',
  optionKey: 'bulkhead',
  slot: 'bulkhead',
  options: bulkheadOptions,
  create: (name, options, context) => new Bulkhead(name, options, context),
  waits: ({ maxQueued }) => maxQueued > 0,
} satisfies PolicyDefinition<typeof bulkheadOptions, Bulkhead>;
