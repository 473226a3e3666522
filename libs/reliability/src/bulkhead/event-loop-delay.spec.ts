import type { Clock } from '../core/clock.js';
import { ManualClock } from '../testing/index.js';
import { EventLoopDelay } from './event-loop-delay.js';

/** A clock of a loop that is held up: its one timer runs when the test says so. */
class HeldUpClock implements Clock {
  at = 0;
  task: (() => void) | undefined;
  delays: number[] = [];

  now(): number {
    return this.at;
  }

  wallNow(): number {
    return this.at;
  }

  schedule(delayMs: number, task: () => void) {
    this.delays.push(delayMs);
    this.task = task;
    return { cancel: () => undefined };
  }

  /** The timer runs only now. */
  runTimerAt(at: number): void {
    this.at = at;
    const { task } = this;
    this.task = undefined;
    task?.();
  }
}

function heldUp() {
  const clock = new HeldUpClock();
  return { clock, delay: new EventLoopDelay(clock) };
}

describe('EventLoopDelay', () => {
  it('is nothing in a loop that is on time', () => {
    const clock = new ManualClock();
    const delay = new EventLoopDelay(clock);
    for (let step = 0; step < 100; step += 1) {
      expect(delay.read(clock.now())).toBe(0);
      clock.advance(10);
    }
  });

  it('is how much later than set its timer ran, and is halved every quarter of a second', () => {
    const { clock, delay } = heldUp();
    delay.read(0);
    expect(clock.delays).toEqual([50]);
    clock.runTimerAt(150);
    expect(delay.read(150)).toBe(100);
    clock.runTimerAt(200);
    expect(delay.read(400)).toBe(150);
    clock.runTimerAt(400);
    expect(delay.read(400)).toBe(150);
    clock.runTimerAt(450);
    clock.at = 650;
    expect(delay.read(500)).toBeCloseTo(150 * 0.5 ** 0.4);
  });

  it('keeps a peak in the face of smaller delays, and gives it up for a larger one', () => {
    const { clock, delay } = heldUp();
    delay.read(0);
    clock.runTimerAt(150);
    clock.runTimerAt(210);
    expect(delay.read(210)).toBeCloseTo(100 * 0.5 ** (60 / 250));
    clock.runTimerAt(460);
    expect(delay.read(460)).toBe(200);
  });

  it('counts a timer that is overdue before it has run', () => {
    const { delay } = heldUp();
    expect(delay.read(0)).toBe(0);
    expect(delay.read(50)).toBe(0);
    expect(delay.read(51)).toBe(1);
    expect(delay.read(550)).toBe(500);
  });

  it('sets its timer only while somebody asks', () => {
    const clock = new ManualClock();
    const delay = new EventLoopDelay(clock);
    expect(clock.pending).toBe(0);
    delay.read(0);
    delay.read(0);
    expect(clock.pending).toBe(1);
    clock.advance(990);
    expect(clock.pending).toBe(1);
    clock.advance(10);
    expect(clock.pending).toBe(0);
    clock.advance(60_000);
    expect(delay.read(61_000)).toBe(0);
    expect(clock.pending).toBe(1);
    clock.advance(990);
    expect(clock.pending).toBe(1);
    clock.advance(10);
    expect(clock.pending).toBe(0);
  });

  it('tells of each probe', () => {
    const clock = new ManualClock();
    const onProbe = jest.fn();
    const delay = new EventLoopDelay(clock, onProbe);
    expect(onProbe).not.toHaveBeenCalled();
    delay.read(0);
    expect(onProbe).toHaveBeenCalledTimes(1);
    clock.advance(100);
    expect(onProbe).toHaveBeenCalledTimes(3);
  });
});
