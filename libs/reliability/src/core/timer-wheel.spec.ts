import { AsyncLocalStorage } from 'node:async_hooks';
import * as fc from 'fast-check';
import { TimerWheel } from './timer-wheel.js';

/** Time and the native timer, as a perfectly punctual event loop keeps them: whole ms, never early. */
class EventLoop {
  now = 0;
  timer: { readonly at: number; readonly task: () => void } | undefined;
  readonly delays: number[] = [];
  readonly wheel: TimerWheel;

  constructor(startsAt = 0) {
    this.now = startsAt;
    this.wheel = new TimerWheel(
      () => this.now,
      (delayMs, task) => {
        this.delays.push(delayMs);
        const timer = { at: this.now + delayMs, task };
        if (this.timer !== undefined) throw new Error('a second native timer');
        this.timer = timer;
        return () => {
          if (this.timer === timer) this.timer = undefined;
        };
      },
    );
  }

  /** Time passes; the native timer runs when it is due. */
  advance(ms: number): void {
    const until = this.now + ms;
    while (this.timer !== undefined && this.timer.at <= until) this.fire(this.timer.at);
    this.now = until;
  }

  /** The native timer runs, at whatever time. */
  fire(at: number): void {
    const { task } = this.timer!;
    this.timer = undefined;
    this.now = at;
    task();
  }
}

/** A loop, and what ran in it, with its time. */
function recording(startsAt?: number) {
  const loop = new EventLoop(startsAt);
  const ran: [string, number][] = [];
  return {
    loop,
    ran,
    schedule: (delayMs: number, name = `${delayMs}`) => loop.wheel.schedule(delayMs, () => ran.push([name, loop.now])),
  };
}

const DAY = 86_400_000;

describe('TimerWheel', () => {
  it.each([0, 0.1, 1, 3, 4, 5, 127, 128, 129, 4_095, 4_096, 4_097, 131_072, 4_194_304, DAY, 30 * DAY, 400 * DAY])(
    'runs a task after %p ms: not before, and at most a tick and the timer’s own ms later',
    (delayMs) => {
      for (const startsAt of [0, 0.3, 1_234_567.8]) {
        const { loop, ran, schedule } = recording(startsAt);
        loop.advance(1.7);
        const at = loop.now;
        schedule(delayMs, 'task');
        loop.advance(delayMs + 5);
        expect(ran).toHaveLength(1);
        const late = ran[0]![1] - (at + delayMs);
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThanOrEqual(5);
      }
    },
  );

  it('counts from a reading of the clock that it is given', () => {
    const loop = new EventLoop();
    const task = jest.fn();
    loop.now = 100;
    loop.wheel.schedule(60, task, 60);
    loop.advance(19);
    expect(task).not.toHaveBeenCalled();
    loop.advance(1);
    expect(task).toHaveBeenCalledTimes(1);
  });

  it.each([-5, 0, NaN])('runs what is due at once (%p ms) in the next tick, not in the call', (delayMs) => {
    const { loop, ran, schedule } = recording();
    schedule(delayMs, 'now');
    expect(ran).toEqual([]);
    loop.advance(4);
    expect(ran).toEqual([['now', 4]]);
  });

  it('never runs what is due in an infinite time, and sets no timer for it', () => {
    const { loop, schedule } = recording();
    const timer = schedule(Infinity);
    expect(loop.timer).toBeUndefined();
    expect(loop.wheel.size).toBe(0);
    timer.cancel();
    expect(loop.wheel.size).toBe(0);
  });

  it('waits for delays that no native timer can, in steps that one can', () => {
    const { loop, ran, schedule } = recording();
    schedule(2 ** 31 + 1_000);
    expect(loop.delays).toEqual([2 ** 31 - 1]);
    loop.advance(2 ** 31 - 1);
    expect(ran).toEqual([]);
    loop.advance(1_001);
    expect(ran).toEqual([[`${2 ** 31 + 1_000}`, 2 ** 31 + 1_000]]);
    expect(Math.max(...loop.delays)).toBe(2 ** 31 - 1);
  });

  it('waits for delays beyond the last wheel', () => {
    const { loop, ran, schedule } = recording();
    const delayMs = 150 * 365 * DAY;
    schedule(delayMs, 'at last');
    loop.advance(delayMs - 1);
    expect(ran).toEqual([]);
    loop.advance(5);
    expect(ran.map(([name]) => name)).toEqual(['at last']);
  });

  it('runs tasks in the order of their time', () => {
    const { loop, ran, schedule } = recording();
    for (const delayMs of [5_000, 40, 300, 8, 70_000, 120]) schedule(delayMs);
    loop.fire(80_000);
    expect(ran.map(([name]) => name)).toEqual(['8', '40', '120', '300', '5000', '70000']);
  });

  it('runs tasks of one tick in the order in which they were scheduled, whichever wheel they came from', () => {
    const { loop, ran, schedule } = recording();
    schedule(40_000, 'first');
    loop.advance(30_000);
    schedule(10_000, 'second');
    loop.advance(9_900);
    schedule(100, 'third');
    schedule(99, 'fourth');
    loop.advance(200);
    expect(ran.map(([name]) => name)).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('does not run what was cancelled', () => {
    const { loop, ran, schedule } = recording();
    const timers = [schedule(10, 'a'), schedule(10, 'b'), schedule(10, 'c'), schedule(10_000, 'd')];
    expect(loop.wheel.size).toBe(4);
    for (const index of [1, 3, 1]) timers[index]!.cancel();
    expect(loop.wheel.size).toBe(2);
    loop.advance(20_000);
    expect(ran.map(([name]) => name)).toEqual(['a', 'c']);
    for (const timer of timers) timer.cancel();
    expect(loop.wheel.size).toBe(0);
  });

  it('does not run what another task of the same tick cancels', () => {
    const loop = new EventLoop();
    const victim = jest.fn();
    loop.wheel.schedule(10, () => timer.cancel());
    const timer = loop.wheel.schedule(10, victim);
    loop.advance(20);
    expect(victim).not.toHaveBeenCalled();
    expect(loop.wheel.size).toBe(0);
  });

  it('takes new tasks from a task', () => {
    const loop = new EventLoop();
    const at: number[] = [];
    const again = () => {
      at.push(loop.now);
      if (at.length < 4) loop.wheel.schedule(8, again);
    };
    loop.wheel.schedule(8, again);
    loop.advance(100);
    expect(at).toEqual([8, 16, 24, 32]);
  });

  it('runs the others when one throws, and lets the error surface', () => {
    const { loop, ran, schedule } = recording();
    const surfaced: (() => void)[] = [];
    const queue = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => surfaced.push(task));
    loop.wheel.schedule(10, () => {
      throw new Error('task failed');
    });
    schedule(10, 'other');
    loop.advance(20);
    queue.mockRestore();
    expect(ran).toEqual([['other', 12]]);
    expect(surfaced).toHaveLength(1);
    expect(surfaced[0]).toThrow('task failed');
  });

  describe('the native timer', () => {
    it('is set once for many tasks, for the earliest', () => {
      const { loop, schedule } = recording();
      for (let count = 0; count < 1_000; count += 1) schedule(100 + count);
      expect(loop.delays).toEqual([100]);
      schedule(40);
      expect(loop.delays).toEqual([100, 40]);
    });

    it('does not exist while the wheel is empty', () => {
      const { loop, schedule } = recording();
      expect(loop.timer).toBeUndefined();
      schedule(10);
      schedule(3_000);
      loop.advance(4_000);
      expect(loop.timer).toBeUndefined();
    });

    it('wakes up once for tasks that were cancelled, and is gone', () => {
      const { loop, schedule } = recording();
      for (let count = 0; count < 1_000; count += 1) schedule(100).cancel();
      expect(loop.delays).toEqual([100]);
      loop.advance(10_000);
      expect(loop.timer).toBeUndefined();
      expect(loop.delays).toEqual([100]);
    });

    it('wakes up seldom for a long delay', () => {
      const { loop, schedule } = recording();
      schedule(50).cancel();
      schedule(DAY);
      loop.advance(DAY + 5);
      expect(loop.delays.length).toBeLessThanOrEqual(8);
    });

    it('that fires early finds nothing due and is set again', () => {
      const { loop, ran, schedule } = recording();
      schedule(100);
      loop.fire(98.5);
      expect(ran).toEqual([]);
      expect(loop.timer!.at).toBeCloseTo(100.5);
      loop.advance(10);
      expect(ran).toHaveLength(1);
    });

    it('that fires late runs everything that has become due', () => {
      const { loop, ran, schedule } = recording();
      for (const delayMs of [20, 5_000, 9_000, 12_000]) schedule(delayMs);
      loop.fire(10_000);
      expect(ran.map(([name]) => name)).toEqual(['20', '5000', '9000']);
      expect(loop.wheel.size).toBe(1);
    });

    it('is not created in the context of whoever schedules', () => {
      const storage = new AsyncLocalStorage<string>();
      const stores: (string | undefined)[] = [];
      const wheel = new TimerWheel(
        () => 0,
        () => {
          stores.push(storage.getStore());
          return () => undefined;
        },
      );
      storage.run('request', () => wheel.schedule(10, () => undefined));
      expect(stores).toEqual([undefined]);
      expect(storage.run('request', () => storage.getStore())).toBe('request');
    });
  });

  it('agrees with a plain list of tasks over any course of scheduling, cancelling and time', () => {
    const delay = fc.oneof(
      fc.nat(12),
      fc.nat(600),
      fc.nat(20_000),
      fc.nat(5_000_000),
      fc.double({ min: 0, max: 300, noNaN: true }),
    );
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('schedule' as const), ms: delay }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), ms: fc.nat() }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: delay }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('stall' as const), ms: fc.nat(10_000) }) },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.double({ min: 0, max: 1e7, noNaN: true }),
        (steps, startsAt) => {
          const loop = new EventLoop(startsAt);
          const waiting: { id: number; dueAt: number; cancel(): void }[] = [];
          let stalledSince: number | undefined;
          let lastRun = { dueTick: -Infinity, id: -1 };
          const run = (id: number) => {
            const task = waiting.find((other) => other.id === id)!;
            waiting.splice(waiting.indexOf(task), 1);
            // Not early, but for what adding fractions of ms rounds away.
            expect(loop.now).toBeGreaterThanOrEqual(task.dueAt - 1e-6);
            if (stalledSince === undefined) expect(loop.now).toBeLessThanOrEqual(task.dueAt + 5 + 1e-6);
            const dueTick = Math.ceil((task.dueAt - startsAt) / 4);
            if (dueTick === lastRun.dueTick) expect(id).toBeGreaterThan(lastRun.id);
            lastRun = { dueTick, id };
          };
          for (const [id, { do: what, ms }] of steps.entries()) {
            if (what === 'schedule') {
              const timer = loop.wheel.schedule(ms, () => run(id));
              waiting.push({ id, dueAt: loop.now + ms, cancel: () => timer.cancel() });
            } else if (what === 'cancel') {
              if (waiting.length > 0) waiting.splice(ms % waiting.length, 1)[0]!.cancel();
            } else if (what === 'advance') loop.advance(ms);
            else if (loop.timer !== undefined) {
              stalledSince = loop.now;
              loop.fire(Math.max(loop.timer.at, loop.now + ms));
              stalledSince = undefined;
            }
            expect(loop.wheel.size).toBe(waiting.length);
            const overdue = waiting.filter(({ dueAt }) => dueAt + 5 + 1e-6 < loop.now);
            expect(overdue).toEqual([]);
            if (waiting.length > 0) expect(loop.timer).toBeDefined();
          }
          loop.advance(6_000_000);
          expect(waiting).toEqual([]);
          expect(loop.timer).toBeUndefined();
        },
      ),
      { numRuns: 400 },
    );
  });
});
