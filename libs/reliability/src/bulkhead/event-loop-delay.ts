import type { Clock } from '../core/clock.js';

const PROBE_EVERY_MS = 50;
/** Nobody having asked for this long, the probes stop. */
const REST_AFTER_MS = 1_000;
const HALF_LIFE_MS = 250;

/**
 * How late the event loop runs what is due, in ms: the latest peak, halved each 250 ms since. Measured by a timer that
 * is only set while somebody asks; one that is overdue counts at once, so that calls let in by a loop that has just
 * been held up see it before the timer does.
 */
export class EventLoopDelay {
  #peakMs = 0;
  #peakAt = 0;
  #dueAt: number | undefined;
  #askedAt = 0;

  constructor(
    private readonly clock: Clock,
    /** Told of each probe: what else is worth reading now and then, but not with each call. */
    private readonly onProbe: () => void = () => undefined,
  ) {}

  /** The delay now, in ms. */
  read(now: number): number {
    this.#askedAt = now;
    if (this.#dueAt === undefined) this.#probe(now);
    return Math.max(this.#decayed(now), now - this.#dueAt!, 0);
  }

  #probe(now: number): void {
    this.onProbe();
    this.#dueAt = now + PROBE_EVERY_MS;
    this.clock.schedule(PROBE_EVERY_MS, () => this.#measure(this.clock.now()), now);
  }

  #measure(now: number): void {
    const delayMs = now - this.#dueAt!;
    this.#peakMs = Math.max(delayMs, this.#decayed(now));
    this.#peakAt = now;
    this.#dueAt = undefined;
    if (now - this.#askedAt < REST_AFTER_MS) this.#probe(now);
  }

  #decayed(now: number): number {
    return this.#peakMs * 0.5 ** ((now - this.#peakAt) / HALF_LIFE_MS);
  }
}
