import * as fc from 'fast-check';
import { parseOptions } from '../core/options.js';
import { type Ending, type PendingWork, pendingWork, settlePromises, testCall, testContext } from '../testing/index.js';
import { timeLimitPolicy } from './time-limit.js';
import { timeLimitOptions } from './time-limit.options.js';

type Strategy = 'abandoning' | 'cooperative';

/** One call, as the model sees it. */
interface ModelCall {
  readonly dueAt: number;
  /** Whether the deadline of the call comes before the limit. */
  readonly byDeadline: boolean;
  ending: 'pending' | 'value' | 'error' | 'CALL_TIMEOUT' | 'DEADLINE_EXCEEDED';
  expired: Strategy | undefined;
  ended: boolean;
}

/** What a time limit is to do, as plainly as it can be said. */
class Model {
  readonly calls: ModelCall[] = [];
  readonly counts = { exceeded: 0, running: 0, lateResults: 0, lateErrors: 0, refused: 0 };
  now = 0;

  constructor(
    public limitMs: number,
    public strategy: Strategy,
  ) {}

  start(remainingMs: number): void {
    const byDeadline = remainingMs < this.limitMs;
    const refused = remainingMs <= 0;
    if (refused) this.counts.refused += 1;
    this.calls.push({
      dueAt: this.now + Math.min(this.limitMs, remainingMs),
      byDeadline,
      ending: refused ? 'DEADLINE_EXCEEDED' : 'pending',
      expired: undefined,
      ended: refused,
    });
  }

  advance(ms: number): void {
    this.now += ms;
    for (const call of this.calls) {
      if (call.ended || call.expired !== undefined || call.dueAt > this.now) continue;
      call.expired = this.strategy;
      this.counts.exceeded += 1;
      if (this.strategy === 'cooperative') continue;
      this.counts.running += 1;
      call.ending = this.errorOf(call);
    }
  }

  end(call: ModelCall, how: 'value' | 'error'): void {
    call.ended = true;
    if (call.expired === undefined) {
      call.ending = how;
      return;
    }
    this.counts[how === 'value' ? 'lateResults' : 'lateErrors'] += 1;
    if (call.expired === 'abandoning') this.counts.running -= 1;
    else call.ending = how === 'value' ? 'value' : this.errorOf(call);
  }

  private errorOf({ byDeadline }: ModelCall) {
    return byDeadline ? 'DEADLINE_EXCEEDED' : 'CALL_TIMEOUT';
  }
}

const named = (ending: Ending): string => {
  if (ending === 'pending') return ending;
  if ('value' in ending) return 'value';
  return (ending.error as { code?: string }).code ?? 'error';
};

const LONGEST_LIMIT_MS = 120;

const steps = fc.array(
  fc.record({
    do: fc.constantFrom('start', 'start', 'value', 'error', 'advance', 'advance', 'reconfigure'),
    pick: fc.nat(20),
    ms: fc.integer({ min: 1, max: 80 }),
    remainingMs: fc.oneof(fc.constant(Infinity), fc.integer({ min: -1, max: LONGEST_LIMIT_MS })),
    strategy: fc.constantFrom<Strategy>('abandoning', 'cooperative'),
  }),
  { maxLength: 60 },
);

describe('a time limit, over random interleavings', () => {
  it('answers, aborts and counts as the plain model does', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const context = testContext();
        const parsed = (limitMs: number, strategy: Strategy) =>
          parseOptions(timeLimitOptions, { limitMs, strategy }, '');
        const policy = timeLimitPolicy.create('model', parsed(60, 'abandoning'), context);
        const model = new Model(60, 'abandoning');
        const calls: { work: PendingWork; call: ReturnType<typeof testCall>; ending: Ending }[] = [];

        for (const { do: what, pick, ms, remainingMs, strategy } of taken) {
          if (what === 'start') {
            model.start(remainingMs);
            const deadline = context.clock.now() + remainingMs;
            const one: (typeof calls)[number] = {
              work: pendingWork(),
              call: testCall({ deadline }),
              ending: 'pending',
            };
            calls.push(one);
            const result = (async () => policy.intercept(one.call, () => one.work.promise))();
            result.then(
              (value) => (one.ending = { value }),
              (error: unknown) => (one.ending = { error }),
            );
          } else if (what === 'advance') {
            model.advance(ms);
            context.clock.advance(ms);
          } else if (what === 'reconfigure') {
            model.limitMs = ms;
            model.strategy = strategy;
            policy.reconfigure(parsed(ms, strategy));
          } else if (calls.length > 0) {
            const index = pick % calls.length;
            if (model.calls[index]!.ended) continue;
            model.end(model.calls[index]!, what);
            if (what === 'value') calls[index]!.work.resolve('done');
            else calls[index]!.work.reject(new Error('down'));
          }
          await settlePromises();
          expect(calls.map(({ ending }) => named(ending))).toEqual(model.calls.map(({ ending }) => ending));
          expect(calls.map(({ call }) => call.attemptAborted)).toEqual(
            model.calls.map(({ expired }) => expired !== undefined),
          );
          expect(calls.map(({ call }) => call.aborted)).toEqual(
            model.calls.map(({ expired, byDeadline }) => expired !== undefined && byDeadline),
          );
          expect(policy.inspect(0)).toMatchObject({ ...model.counts, cancelled: 0 });
        }
        for (const { work } of calls) work.resolve('end');
        await settlePromises();
        const { counts } = model;
        context.clock.advance(LONGEST_LIMIT_MS);
        expect(context.clock.pending).toBe(0);
        expect(policy.inspect(0)).toMatchObject({ exceeded: counts.exceeded, running: 0 });
      }),
      { numRuns: 200 },
    );
  });
});
