import { testCall } from '../testing/test-call.js';
import { AdaptiveDelay } from './adaptive-delay.js';
import { exponential } from './backoff.js';
import type { ClassPlan } from './class-plan.js';
import { RetryOperation } from './retry-operation.js';

const plan: ClassPlan = { attempts: 3, backoff: exponential(), learner: undefined };
const learning = (): ClassPlan & { learner: AdaptiveDelay } => ({
  ...plan,
  learner: new AdaptiveDelay({ baseMs: 100, capMs: 1_600, target: 0.7, memoryMs: 10_000 }),
});
const operation = (startedAt = 1_000) => new RetryOperation(testCall(), () => undefined, startedAt, 0);

describe('an operation that failed for the first time', () => {
  it('gives the facts for its first delay', () => {
    expect(operation().step(plan, 0.7, 1_250)).toEqual({
      retry: 1,
      chance: 0.7,
      previousChance: 0,
      previousMs: 0,
      elapsedMs: 250,
      learnedMs: 0,
    });
  });

  it('has taken no time when nobody needed to know when it began', () => {
    expect(operation(Number.NaN).step(plan, 0, 1_250).elapsedMs).toBe(0);
  });

  it('is told the delay that its strategy learned', () => {
    const adaptive = learning();
    adaptive.learner.record(100, false, 1_000);
    expect(operation().step(adaptive, 0, 1_000).learnedMs).toBe(200);
  });

  it('is of an unknown class until its failure is noted', () => {
    const begun = operation();
    expect(begun.lastClass).toBe('unknown');
    begun.failed('network', new Error('reset'), 100);
    begun.failed('server', new Error('503'), undefined);
    expect(begun.lastClass).toBe('server');
  });
});

describe('an operation that is repeated', () => {
  it('remembers chance and delay of the repetition before', () => {
    const repeated = operation();
    repeated.step(plan, 0.7, 1_000);
    repeated.begin(plan, 350, new Error('first'), 0);
    expect(repeated.step(plan, 0.2, 1_500)).toMatchObject({
      retry: 2,
      chance: 0.2,
      previousChance: 0.7,
      previousMs: 350,
    });
    repeated.begin(plan, 80, new Error('second'), 0);
    expect(repeated.step(plan, 0.4, 1_500)).toMatchObject({ retry: 3, previousChance: 0.2, previousMs: 80 });
  });

  it('tells its call, and keeps where the order of reports stood', () => {
    const repeated = operation();
    const error = new Error('first');
    repeated.begin(plan, 0, error, 7);
    expect([repeated.attempt, repeated.call.attempt, repeated.call.lastError, repeated.since]).toEqual([
      2,
      2,
      error,
      7,
    ]);
  });

  it('teaches the strategy that its attempt followed, and no attempt before that', () => {
    const [first, second] = [learning(), learning()];
    const repeated = operation();
    repeated.over(false, 0);
    repeated.begin(first, 100, new Error('first'), 0);
    repeated.over(false, 0);
    repeated.begin(second, 400, new Error('second'), 0);
    repeated.over(false, 0);
    expect([first.learner.delayMs(0), second.learner.delayMs(0)]).toEqual([200, 800]);
    for (let success = 0; success < 3; success += 1) repeated.over(true, 0);
    expect(second.learner.delayMs(0)).toBe(400);
  });
});
