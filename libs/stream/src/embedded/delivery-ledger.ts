/** What survives a restart: every sequence up to `floor` is done, and so are those in `done`. */
export interface LedgerState {
  readonly floor: number;
  /** From, to, both included. */
  readonly done: readonly (readonly [from: number, to: number])[];
  /** How often what is not done has been delivered. */
  readonly deliveries: readonly (readonly [from: number, to: number, count: number])[];
}

/**
 * Which messages of a journal a consumer has, has done, and gets again when. Pure: time is handed in.
 *
 * Sequences may have gaps. Memory is bounded by what is delivered and not done, plus what is done above the oldest of it.
 */
export class DeliveryLedger {
  #floor: number;
  readonly #done: Set<number>;
  readonly #deliveries: Map<number, number>;
  /** Delivered and not settled. */
  readonly #held = new Set<number>();
  /** Returned, and when they are due. */
  readonly #returned = new Map<number, number>();
  /** The highest sequence that has been delivered or passed over. */
  #seen: number;

  constructor(state: LedgerState) {
    this.#floor = state.floor;
    this.#seen = state.floor;
    this.#done = new Set();
    this.#deliveries = new Map();
    for (const [from, to] of state.done) for (let seq = from; seq <= to; seq += 1) this.#done.add(seq);
    for (const [from, to, count] of state.deliveries)
      for (let seq = from; seq <= to; seq += 1) this.#deliveries.set(seq, count);
  }

  /** Everything up to here is done. */
  get floor(): number {
    return this.#floor;
  }

  /** Delivered or returned, and not done. */
  get outstanding(): number {
    return this.#held.size + this.#returned.size;
  }

  /** Whether a sequence has been done before, in this life or an earlier one. */
  isDone(seq: number): boolean {
    return seq <= this.#floor || this.#done.has(seq);
  }

  /** Hands a sequence out; gives the number of this delivery. Sequences come in rising order, except returned ones. */
  deliver(seq: number): number {
    this.#passTo(seq);
    this.#returned.delete(seq);
    this.#held.add(seq);
    const count = (this.#deliveries.get(seq) ?? 0) + 1;
    this.#deliveries.set(seq, count);
    return count;
  }

  /** Passes a sequence over: it is not for this consumer. */
  skip(seq: number): void {
    this.#passTo(seq);
    this.#finish(seq);
  }

  /** What lies between the last seen sequence and this one does not exist. */
  #passTo(seq: number): void {
    for (let missing = this.#seen + 1; missing < seq; missing += 1) this.#done.add(missing);
    if (seq > this.#seen) this.#seen = seq;
    this.#advance();
  }

  done(seq: number): void {
    this.#held.delete(seq);
    this.#returned.delete(seq);
    this.#deliveries.delete(seq);
    this.#finish(seq);
  }

  #finish(seq: number): void {
    if (seq > this.#floor) this.#done.add(seq);
    this.#advance();
  }

  #advance(): void {
    while (this.#done.delete(this.#floor + 1)) this.#floor += 1;
  }

  /** Gives a sequence back, to be delivered again at `dueAt`. */
  return(seq: number, dueAt: number): void {
    if (this.#held.delete(seq)) this.#returned.set(seq, dueAt);
  }

  /** Returned sequences that are due, lowest first, at most `limit`. */
  due(now: number, limit: number): number[] {
    const due: number[] = [];
    for (const [seq, dueAt] of this.#returned) if (dueAt <= now) due.push(seq);
    return due.sort((a, b) => a - b).slice(0, limit);
  }

  /** When the next returned sequence is due. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const dueAt of this.#returned.values()) if (next === undefined || dueAt < next) next = dueAt;
    return next;
  }

  state(): LedgerState {
    const done: [number, number][] = [];
    for (const seq of [...this.#done].sort((a, b) => a - b)) {
      const last = done.at(-1);
      if (last !== undefined && last[1] === seq - 1) last[1] = seq;
      else done.push([seq, seq]);
    }
    const deliveries: [number, number, number][] = [];
    for (const [seq, count] of [...this.#deliveries].sort(([a], [b]) => a - b)) {
      const last = deliveries.at(-1);
      if (last !== undefined && last[1] === seq - 1 && last[2] === count) last[1] = seq;
      else deliveries.push([seq, seq, count]);
    }
    return { floor: this.#floor, done, deliveries };
  }
}
