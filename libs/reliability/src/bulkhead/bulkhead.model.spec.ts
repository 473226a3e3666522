import * as fc from 'fast-check';
import { parseOptions } from '../core/options.js';
import { Failure, Ignored, type Outcome, Success } from '../core/outcome.js';
import type { Permit } from '../core/policy.js';
import type { Priority } from '../core/priority.js';
import { PRIORITIES } from '../core/priority.js';
import { Refusal } from '../core/refusal.js';
import { settlePromises, testCall, type TestContext, testContext } from '../testing/index.js';
import type { Bulkhead } from './bulkhead.js';
import { bulkheadPolicy } from './bulkhead.js';
import { bulkheadOptions } from './bulkhead.options.js';

const MAX_WAIT_MS = 100;
const AGING_MS = 40;

type Answer = 'admitted' | 'full' | 'shed' | 'expired' | 'aborted' | 'closed';

/** One call, as the model sees it. */
interface ModelCall {
  readonly id: number;
  readonly rank: number;
  readonly cost: number;
  readonly since: number;
  readonly expiresAt: number;
  answer: Answer | undefined;
  ended: boolean;
}

/**
 * What a bulkhead is to do, as plainly as it can be said: one list of calls, searched each time. Time moves in steps
 * of at least 1 ms, at which those who waited too long go before anything else happens.
 */
class Model {
  readonly calls: ModelCall[] = [];
  limit = 0;
  maxQueued = 0;
  closed = false;
  now = 0;

  get running(): ModelCall[] {
    return this.calls.filter(({ answer, ended }) => answer === 'admitted' && !ended);
  }

  get waiting(): ModelCall[] {
    return this.calls.filter(({ answer }) => answer === undefined);
  }

  arrive(rank: number, cost: number, patienceMs: number): void {
    const since = this.now;
    const expiresAt = since + Math.min(MAX_WAIT_MS, patienceMs);
    const call: ModelCall = { id: this.calls.length, rank, cost, since, expiresAt, answer: undefined, ended: false };
    const { waiting } = this;
    this.calls.push(call);
    if (waiting.length === 0 && this.fits(call)) {
      call.answer = 'admitted';
    } else if (this.closed) {
      call.answer = 'closed';
    } else if (this.maxQueued === 0) {
      call.answer = 'full';
    } else if (waiting.length >= this.maxQueued) {
      const last = waiting.reduce((worst, other) => (other.rank >= worst.rank ? other : worst));
      if (last.rank > rank) {
        last.answer = 'shed';
        // Whoever was shed may have been what the others were held up behind.
      } else call.answer = 'full';
    }
  }

  serve(): void {
    for (let next = this.next(); next !== undefined && this.fits(next); next = this.next()) next.answer = 'admitted';
  }

  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const expiring = this.waiting.filter(({ expiresAt }) => expiresAt <= until);
      if (expiring.length === 0) break;
      this.now = Math.min(...expiring.map(({ expiresAt }) => expiresAt));
      for (const call of expiring.filter(({ expiresAt }) => expiresAt === this.now)) call.answer = 'expired';
      this.serve();
    }
    this.now = until;
  }

  private fits(call: ModelCall): boolean {
    const used = this.running.reduce((sum, { cost }) => sum + cost, 0);
    return used === 0 || used + call.cost <= this.limit;
  }

  private next(): ModelCall | undefined {
    const weight = ({ since, rank }: ModelCall) => since + rank * AGING_MS;
    return this.waiting.reduce<ModelCall | undefined>(
      (best, call) =>
        best === undefined ||
        weight(call) < weight(best) ||
        (weight(call) === weight(best) && (call.rank < best.rank || (call.rank === best.rank && call.id < best.id)))
          ? call
          : best,
      undefined,
    );
  }
}

/** The bulkhead under test, driven by the same steps. */
class Real {
  readonly context: TestContext = testContext();
  readonly policy: Bulkhead;
  readonly answers: (Answer | undefined)[] = [];
  private readonly permits = new Map<number, Permit>();
  private readonly calls: ReturnType<typeof testCall>[] = [];

  constructor(options: object) {
    this.policy = bulkheadPolicy.create('model', this.parsed(options), this.context);
  }

  reconfigure(options: object): void {
    this.policy.reconfigure(this.parsed(options));
  }

  async arrive(priority: Priority, cost: number, patienceMs: number): Promise<void> {
    const id = this.calls.length;
    const call = testCall({ priority, deadline: this.context.clock.now() + patienceMs });
    this.calls.push(call);
    this.answers.push(undefined);
    const note = (answer: unknown) => {
      if (answer instanceof Refusal) this.answers[id] = (answer as unknown as { reason: Answer }).reason;
      else {
        this.answers[id] = 'admitted';
        this.permits.set(id, answer as Permit);
      }
    };
    const admission = this.policy.admit(call, this.context.clock.now(), { site: 'model', cost });
    if (admission instanceof Promise) void admission.then(note);
    else note(admission);
    await settlePromises();
  }

  settle(id: number, outcome: Outcome): void {
    this.policy.settle(this.permits.get(id)!, outcome, this.calls[id]!, this.context.clock.now());
  }

  end(id: number): void {
    this.policy.end(this.permits.get(id)!);
  }

  abort(id: number): void {
    this.calls[id]!.abort(new Error('caller left'));
  }

  private parsed(options: object) {
    return parseOptions(bulkheadOptions, { ...options, maxWaitMs: MAX_WAIT_MS, agingMs: AGING_MS }, '');
  }
}

type Step =
  | { do: 'arrive'; rank: number; cost: number; patienceMs: number }
  | { do: 'settle' | 'end'; which: number; outcome: number }
  | { do: 'abort'; which: number }
  | { do: 'advance'; ms: number }
  | { do: 'reconfigure'; limit: number; maxQueued: number }
  | { do: 'close' };

const OUTCOMES: readonly Outcome[] = [
  new Success('done', 1),
  new Failure(new Error('failed'), 1),
  new Ignored(new Error('gone')),
];

const arrive = fc.record({
  do: fc.constant('arrive' as const),
  rank: fc.nat(3),
  cost: fc.integer({ min: 1, max: 3 }),
  patienceMs: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 150 })),
});
const finish = fc.record({
  do: fc.constantFrom('settle' as const, 'end' as const, 'end' as const),
  which: fc.nat(20),
  outcome: fc.nat(2),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: arrive },
    { weight: 10, arbitrary: finish },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat(20) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('reconfigure' as const),
        limit: fc.integer({ min: 1, max: 6 }),
        maxQueued: fc.nat(4),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'close' as const }) },
  ),
  { maxLength: 60 },
);

describe('Bulkhead, over random interleavings', () => {
  it('answers every call as the plain model does, and loses no slot', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.nat(4), steps, async (limit, maxQueued, taken) => {
        const model = new Model();
        const real = new Real({ maxConcurrent: limit, maxQueued });
        model.limit = limit;
        model.maxQueued = maxQueued;
        const settled = new Set<number>();
        const settle = (id: number, outcome: number) => {
          if (!settled.has(id)) real.settle(id, OUTCOMES[outcome]!);
          settled.add(id);
        };
        for (const step of taken) {
          if (step.do === 'arrive') {
            model.arrive(step.rank, step.cost, step.patienceMs);
            await real.arrive(PRIORITIES[step.rank]!, step.cost, step.patienceMs);
          } else if (step.do === 'settle' || step.do === 'end') {
            const { running } = model;
            if (running.length === 0) continue;
            const call = running[step.which % running.length]!;
            settle(call.id, step.outcome);
            if (step.do === 'end') {
              call.ended = true;
              model.serve();
              real.end(call.id);
            }
          } else if (step.do === 'abort') {
            const { waiting } = model;
            if (waiting.length === 0) continue;
            const call = waiting[step.which % waiting.length]!;
            call.answer = 'aborted';
            model.serve();
            real.abort(call.id);
          } else if (step.do === 'advance') {
            model.advance(step.ms);
            await real.context.clock.run(step.ms);
          } else if (step.do === 'reconfigure') {
            model.limit = step.limit;
            model.maxQueued = step.maxQueued;
            model.serve();
            real.reconfigure({ maxConcurrent: step.limit, maxQueued: step.maxQueued });
          } else {
            model.closed = true;
            for (const call of model.waiting) call.answer = 'closed';
            real.policy.close();
          }
          await settlePromises();
          expect(real.answers).toEqual(model.calls.map(({ answer }) => answer));
          const { running, waiting } = model;
          expect(real.policy.inspect(0)).toMatchObject({
            inFlight: running.length,
            abandoned: running.filter(({ id }) => settled.has(id)).length,
            used: running.reduce((sum, { cost }) => sum + cost, 0),
            queued: waiting.length,
          });
        }
        for (const { id } of model.running) {
          settle(id, 0);
          real.end(id);
        }
        await real.context.clock.run(MAX_WAIT_MS);
        expect(real.context.clock.pending).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
