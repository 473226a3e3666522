import type { Clock } from './clock.js';
import { runGuarded, type Due } from './timer.js';

/** What stands in a {@link DelayLine}. */
export abstract class Delayed implements Due {
  /** Its neighbours there; `undefined` outside. */
  ahead: Delayed | undefined = undefined;
  behind: Delayed | undefined = undefined;

  constructor(
    /** Monotonic ms that its delay counts from. */
    public startedAt: number,
  ) {}

  abstract due(): void;

  /** Leaves the line before it is due; outside it does nothing. */
  leave(): void {
    const { ahead, behind } = this;
    if (ahead === undefined) return;
    ahead.behind = behind;
    behind!.ahead = ahead;
    this.ahead = this.behind = undefined;
  }
}

/** Both ends of a line. */
class Ends extends Delayed {
  constructor() {
    super(-Infinity);
    this.ahead = this.behind = this;
  }

  due(): void {}
}

/**
 * Timers of one delay, due in the order in which they start: joining and leaving is a change of two neighbours. The
 * clock is asked to call once per delay at most, for whoever then stands in front, and not at all when nobody does.
 */
export class DelayLine {
  private readonly ends = new Ends();
  private armed = false;
  private readonly onWake = () => this.wake();

  constructor(
    private readonly clock: Clock,
    readonly delayMs: number,
  ) {}

  /** Whether nobody in the line has started later: a call that made another before it gave its promise comes second. */
  takes(startedAt: number): boolean {
    return this.ends.ahead!.startedAt <= startedAt;
  }

  /** Joins the line, which {@link takes} it, at its end. */
  join(delayed: Delayed): void {
    const ends = this.ends;
    const last = ends.ahead!;
    delayed.ahead = last;
    delayed.behind = ends;
    last.behind = ends.ahead = delayed;
    if (!this.armed) this.arm(this.delayMs, delayed.startedAt);
  }

  private arm(delayMs: number, now: number): void {
    this.armed = true;
    this.clock.schedule(delayMs, this.onWake, now);
  }

  private wake(): void {
    const ends = this.ends;
    const now = this.clock.now();
    for (let first = ends.behind!; first !== ends; first = ends.behind!) {
      const leftMs = first.startedAt + this.delayMs - now;
      if (leftMs > 0) {
        this.arm(leftMs, now);
        return;
      }
      first.leave();
      runGuarded(first);
    }
    this.armed = false;
  }
}
