import { AsyncResource } from 'node:async_hooks';
import { runGuarded, type Task, type Timer } from './timer.js';

/** Sets one native timer and returns what clears it. */
export type NativeTimer = (delayMs: number, task: () => void) => () => void;

const SLOTS = 32;
/** Turns of the wheels above each other: 32^8 ticks of 4 ms are 139 years; what is due later waits on the last. */
const LEVELS = 8;
const LONGEST_NATIVE_DELAY_MS = 2 ** 31 - 1;

class Entry implements Timer {
  previous: Entry | undefined = undefined;
  next: Entry | undefined = undefined;
  slot: Slot | undefined = undefined;

  constructor(
    readonly dueTick: number,
    public task: Task | undefined,
  ) {}

  cancel(): void {
    this.task = undefined;
    if (this.slot === undefined) return;
    this.slot.level.wheel.size -= 1;
    unlink(this);
    // The native timer stays set: clearing and setting it again for every cancelled time limit would cost more than
    // one early wake-up, which finds nothing due and sets itself for the next occupied slot or not at all.
  }
}

class Slot {
  head: Entry | undefined = undefined;
  tail: Entry | undefined = undefined;

  constructor(
    readonly level: Level,
    readonly bit: number,
  ) {}
}

/** One wheel: each of its slots spans `ticks` ticks. */
class Level {
  readonly slots: Slot[] = Array.from({ length: SLOTS }, (_, index) => new Slot(this, 1 << index));
  /** Bits of the slots that have held something since they were last looked at. */
  occupied = 0;

  constructor(
    readonly wheel: TimerWheel,
    readonly ticks: number,
    /** The wheel whose slots are this one's turns; the last has none. */
    readonly above: Level | undefined,
  ) {}

  slotOf(tick: number): Slot {
    return this.slots[(tick / this.ticks) & (SLOTS - 1)]!;
  }

  /** The tick at which the next occupied slot after that of `tick` begins; the slot itself is a whole turn away. */
  nextAfter(tick: number): number {
    const turn = Math.floor(tick / this.ticks) + 1;
    while (this.occupied !== 0) {
      const ahead = lowestBit(rotatedRight(this.occupied, turn & (SLOTS - 1)));
      const slot = this.slots[(turn + ahead) & (SLOTS - 1)]!;
      if (slot.head !== undefined) return (turn + ahead) * this.ticks;
      this.occupied &= ~slot.bit;
    }
    return Infinity;
  }
}

/**
 * Hierarchical timing wheels for all delays of the process (G. Varghese, T. Lauck, "Hashed and Hierarchical Timing
 * Wheels", 1987): scheduling and cancelling are O(1) and cost no native timer, however many wait and however long. A
 * single native timer is set for the next occupied slot only; an empty wheel has none.
 *
 * The native timer is created in the async context in which the wheel was made, so that a request's
 * AsyncLocalStorage store is never kept alive by a timer that another request shares.
 */
export class TimerWheel {
  /** Resolution: a task runs between 0 and this many ms after it is due. */
  readonly tickMs = 4;

  /** Timers waiting. */
  size = 0;

  /** The last first: in this order slots are spread over the wheels below. */
  readonly #levels = this.#makeLevels();
  readonly #lowest = this.#levels.at(-1)!;
  readonly #context = new AsyncResource('ReliabilityTimerWheel');
  readonly #onWake = () => this.#wake();
  readonly #origin: number;
  #tick = 0;
  #armedTick = Infinity;
  #disarm: (() => void) | undefined;

  constructor(
    private readonly now: () => number,
    private readonly setNative: NativeTimer,
  ) {
    this.#origin = now();
  }

  schedule(delayMs: number, task: Task, now = this.now()): Timer {
    const elapsed = now - this.#origin;
    if (this.size === 0) this.#tick = Math.max(this.#tick, Math.floor(elapsed / this.tickMs));
    const dueTick = Math.max(this.#tick + 1, Math.ceil((elapsed + (delayMs > 0 ? delayMs : 0)) / this.tickMs));
    const entry = new Entry(dueTick, task);
    if (dueTick === Infinity) return entry;
    append(this.#slotFor(dueTick), entry);
    this.size += 1;
    if (dueTick < this.#armedTick) this.#arm(dueTick);
    return entry;
  }

  /** On the lowest wheel that the tick is within one turn of, or else on the last, as far ahead as can be. */
  #slotFor(dueTick: number): Slot {
    const distance = dueTick - this.#tick;
    let level = this.#lowest;
    while (level.above !== undefined && distance >= level.above.ticks) level = level.above;
    if (level.above !== undefined) return level.slotOf(dueTick);
    return level.slotOf(Math.min(dueTick, this.#tick + (SLOTS - 1) * level.ticks));
  }

  #arm(tick: number): void {
    this.#disarm?.();
    this.#armedTick = tick;
    const dueMs = this.#origin + tick * this.tickMs - this.now();
    const delayMs = Math.min(Math.max(1, Math.ceil(dueMs)), LONGEST_NATIVE_DELAY_MS);
    this.#disarm = this.#context.runInAsyncScope(this.setNative, undefined, delayMs, this.#onWake);
  }

  #wake(): void {
    this.#disarm = undefined;
    this.#armedTick = Infinity;
    const target = Math.floor((this.now() - this.#origin) / this.tickMs);
    const due: Entry[] = [];
    let next = this.#nextTick();
    for (; next <= target; next = this.#nextTick()) this.#turnTo(next, due);
    this.#tick = Math.max(this.#tick, target);
    if (this.size > 0) this.#arm(next);
    for (const entry of due) run(entry);
  }

  /** The next tick at which a task is due, or a slot of a higher wheel is to be spread over the lower ones. */
  #nextTick(): number {
    let next = Infinity;
    for (const level of this.#levels) next = Math.min(next, level.nextAfter(this.#tick));
    return next;
  }

  #turnTo(tick: number, due: Entry[]): void {
    this.#tick = tick;
    for (const level of this.#levels) {
      if (tick % level.ticks !== 0) continue;
      const slot = level.slotOf(tick);
      if (level === this.#lowest) {
        for (let { head } = slot; head !== undefined; head = slot.head) {
          unlink(head);
          due.push(head);
          this.size -= 1;
        }
      } else {
        // What comes down from a higher wheel was scheduled before what is below for the same tick: it goes in front,
        // the last first.
        for (let { tail } = slot; tail !== undefined; tail = slot.tail) {
          unlink(tail);
          prepend(this.#slotFor(tail.dueTick), tail);
        }
      }
    }
  }

  #makeLevels(): Level[] {
    const levels: Level[] = [];
    for (let level = LEVELS - 1; level >= 0; level -= 1) levels.push(new Level(this, SLOTS ** level, levels.at(-1)));
    return levels;
  }
}

function append(slot: Slot, entry: Entry): void {
  const { tail } = slot;
  entry.slot = slot;
  entry.previous = tail;
  slot.tail = entry;
  if (tail !== undefined) tail.next = entry;
  else {
    slot.head = entry;
    slot.level.occupied |= slot.bit;
  }
}

function prepend(slot: Slot, entry: Entry): void {
  const { head } = slot;
  if (head === undefined) {
    append(slot, entry);
    return;
  }
  entry.slot = slot;
  entry.next = head;
  head.previous = entry;
  slot.head = entry;
}

function unlink(entry: Entry): void {
  const { slot, previous, next } = entry;
  if (previous === undefined) slot!.head = next;
  else previous.next = next;
  if (next === undefined) slot!.tail = previous;
  else next.previous = previous;
  entry.slot = entry.previous = entry.next = undefined;
}

const rotatedRight = (bits: number, by: number) => (bits >>> by) | (by === 0 ? 0 : bits << (SLOTS - by));

const lowestBit = (bits: number) => 31 - Math.clz32(bits & -bits);

function run(entry: Entry): void {
  const { task } = entry;
  entry.task = undefined;
  if (task !== undefined) runGuarded(task);
}
