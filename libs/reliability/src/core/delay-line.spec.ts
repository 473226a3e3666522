import * as fc from 'fast-check';
import { ManualClock } from '../testing/manual-clock.js';
import { Delayed, DelayLine } from './delay-line.js';

class Told extends Delayed {
  constructor(
    startedAt: number,
    private readonly tell: () => void,
  ) {
    super(startedAt);
  }

  due(): void {
    this.tell();
  }
}

function line(delayMs: number) {
  const clock = new ManualClock();
  const waiting = new DelayLine(clock, delayMs);
  const told: string[] = [];
  const join = (name: string, task = () => {}) => {
    const delayed = new Told(clock.now(), () => {
      told.push(`${name} at ${clock.now()}`);
      task();
    });
    waiting.join(delayed);
    return delayed;
  };
  return { clock, told, join };
}

describe('DelayLine', () => {
  it('tells each when its delay is over, and keeps no timer after the last', () => {
    const { clock, told, join } = line(100);
    join('a');
    clock.advance(30);
    join('b');
    join('c');
    clock.advance(99);
    expect(told).toEqual(['a at 100']);
    clock.advance(1);
    expect(told).toEqual(['a at 100', 'b at 130', 'c at 130']);
    expect(clock.pending).toBe(0);
  });

  it('does not tell those who left, the first, the last, or twice', () => {
    const { clock, told, join } = line(100);
    const [first, , last] = [join('first'), join('between'), join('last')];
    first.leave();
    last.leave();
    last.leave();
    clock.advance(100);
    expect(told).toEqual(['between at 100']);
    last.leave();
  });

  it('holds one timer, however many join and leave, and none for longer than the delay', () => {
    const { clock, told, join } = line(100);
    for (let number = 0; number < 1_000; number += 1) {
      join(String(number)).leave();
      clock.advance(0.015625);
    }
    expect(clock.pending).toBe(1);
    clock.advance(84.375);
    expect(clock.pending).toBe(0);
    expect(told).toEqual([]);
  });

  it('lets one that is due take the next out of the line, or a new one in', () => {
    const { clock, told, join } = line(100);
    let next: Delayed | undefined;
    join('first', () => {
      next!.leave();
      join('new');
    });
    next = join('next');
    clock.advance(100);
    expect(told).toEqual(['first at 100']);
    clock.advance(100);
    expect(told).toEqual(['first at 100', 'new at 200']);
    expect(clock.pending).toBe(0);
  });

  it('tells the others when one throws', () => {
    const surfaced: unknown[] = [];
    const queue = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => {
      try {
        task();
      } catch (error) {
        surfaced.push(error);
      }
    });
    const { clock, told, join } = line(100);
    const error = new Error('broken');
    join('a', () => {
      throw error;
    });
    join('b');
    clock.advance(100);
    queue.mockRestore();
    expect(told).toEqual(['a at 100', 'b at 100']);
    expect(surfaced).toEqual([error]);
  });

  it('never tells anybody without end', () => {
    const { clock, told, join } = line(Infinity);
    join('a');
    clock.advance(1e9);
    expect(told).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('agrees with a list that is looked through at every step', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('join' as const) }),
        fc.record({ do: fc.constant('leave' as const), pick: fc.nat(20) }),
        fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 150 }) }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (taken) => {
        const { clock, told, join } = line(100);
        const all: Delayed[] = [];
        let model: { name: number; dueAt: number }[] = [];
        const expected: string[] = [];
        for (const step of taken) {
          if (step.do === 'join') {
            model.push({ name: all.length, dueAt: clock.now() + 100 });
            all.push(join(String(all.length)));
          } else if (step.do === 'leave') {
            all[step.pick]?.leave();
            model = model.filter(({ name }) => name !== step.pick);
          } else {
            const until = clock.now() + step.ms;
            for (const { name, dueAt } of model) if (dueAt <= until) expected.push(`${name} at ${dueAt}`);
            model = model.filter(({ dueAt }) => dueAt > until);
            clock.advance(step.ms);
          }
          expect(told).toEqual(expected);
          expect(clock.pending).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
