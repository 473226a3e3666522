import * as fc from 'fast-check';
import { Budget } from '../core/budget.js';
import type { Call } from '../core/call.js';
import { parseOptions } from '../core/options.js';
import { type Ending, type PendingWork, pendingWork, settlePromises, testCall, testContext } from '../testing/index.js';
import { hedgePolicy } from './hedge.js';
import { hedgeOptions } from './hedge.options.js';

const DELAY_MS = 50;

/** One call, as the model sees it. */
interface ModelCall {
  readonly attempts: ('running' | 'value' | 'error')[];
  hedgesLeft: number;
  hedgeAt: number;
  ending: Ending;
  aborted: boolean;
}

/** What a hedge is to do, as plainly as it can be said. Values and errors are named after their attempt. */
class Model {
  readonly calls: ModelCall[] = [];
  now = 0;
  disposed = 0;
  won = 0;

  start(maxHedges: number): void {
    const hedgeAt = this.now + DELAY_MS;
    this.calls.push({ attempts: ['running'], hedgesLeft: maxHedges, hedgeAt, ending: 'pending', aborted: false });
  }

  end(call: ModelCall, index: number, how: 'value' | 'error'): void {
    call.attempts[index] = how;
    if (call.ending !== 'pending') {
      if (how === 'value') this.disposed += 1;
    } else if (how === 'value') {
      call.ending = { value: index };
      if (index > 0) this.won += 1;
    } else if (!call.attempts.includes('running')) {
      call.ending = { error: 0 };
    }
  }

  advance(ms: number): void {
    this.now += ms;
    for (const call of this.calls) {
      while (call.hedgeAt <= this.now && call.ending === 'pending') {
        if (call.aborted || call.hedgesLeft === 0) break;
        call.attempts.push('running');
        call.hedgesLeft -= 1;
        call.hedgeAt += DELAY_MS;
      }
      // A delay that ended while the call was aborted is not followed by another.
      if (call.aborted && call.hedgeAt <= this.now) call.hedgesLeft = 0;
    }
  }

  /** Attempts that are to be aborted: all of an aborted call that still run, and losers. */
  aborted({ attempts, ending, aborted }: ModelCall): boolean[] {
    return attempts.map((state) => state === 'running' && (aborted || ending !== 'pending'));
  }
}

type Step =
  | { do: 'start'; pick: number; attempt: number; ms: number }
  | { do: 'value' | 'error' | 'abort' | 'advance'; pick: number; attempt: number; ms: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    do: fc.constantFrom('start', 'value', 'value', 'error', 'error', 'abort', 'advance', 'advance', 'advance'),
    pick: fc.nat(20),
    attempt: fc.nat(3),
    ms: fc.integer({ min: 1, max: 70 }),
  }),
  { maxLength: 60 },
);

describe('HedgedCall, over random interleavings', () => {
  it('sends, answers, aborts and disposes as the plain model does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), steps, async (maxHedges, taken) => {
        const context = testContext({ 'budget:model': new Budget(false, () => 0) });
        const options = { delayMs: DELAY_MS, maxHedges, maxExtraLoad: 1, overloadShare: 1, dispose: () => undefined };
        const policy = hedgePolicy.create('model', parseOptions(hedgeOptions, options, ''), context);
        for (let count = 0; count < 1_000; count += 1) policy.intercept(testCall(), () => 'plain');
        const model = new Model();
        const calls: { call: Call; attempts: (PendingWork & { call: Call })[]; ending: Ending }[] = [];

        for (const step of taken) {
          const index = calls.length === 0 ? -1 : step.pick % calls.length;
          if (step.do === 'start') {
            model.start(maxHedges);
            const one: (typeof calls)[number] = { call: testCall(), attempts: [], ending: 'pending' };
            calls.push(one);
            const result = policy.intercept(one.call, (attempt) => {
              const work = { ...pendingWork(), call: attempt };
              one.attempts.push(work);
              return work.promise;
            }) as Promise<unknown>;
            result.then(
              (value) => (one.ending = { value }),
              (error: unknown) => (one.ending = { error }),
            );
          } else if (step.do === 'advance') {
            model.advance(step.ms);
            context.clock.advance(step.ms);
          } else if (index >= 0 && step.do === 'abort') {
            model.calls[index]!.aborted = true;
            calls[index]!.call.abort(new Error('left'));
          } else if (index >= 0 && (step.do === 'value' || step.do === 'error')) {
            const call = model.calls[index]!;
            const attempt = step.attempt % call.attempts.length;
            if (call.attempts[attempt] !== 'running') continue;
            model.end(call, attempt, step.do);
            if (step.do === 'value') calls[index]!.attempts[attempt]!.resolve(attempt);
            else calls[index]!.attempts[attempt]!.reject(attempt);
          }
          await settlePromises();
          expect(calls.map(({ ending }) => ending)).toEqual(model.calls.map(({ ending }) => ending));
          expect(calls.map(({ attempts }) => attempts.length)).toEqual(
            model.calls.map(({ attempts }) => attempts.length),
          );
          const running = (states: readonly string[], flags: boolean[]) =>
            flags.filter((_, at) => states[at] === 'running');
          for (const [at, call] of model.calls.entries()) {
            const flags = calls[at]!.attempts.map((attempt) => attempt.call.aborted);
            expect(running(call.attempts, flags)).toEqual(running(call.attempts, model.aborted(call)));
          }
          expect(policy.inspect(0)).toMatchObject({ won: model.won, disposed: model.disposed });
        }
        for (const { attempts } of calls) for (const attempt of attempts) attempt.resolve('end');
        await settlePromises();
        expect(context.clock.pending).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
