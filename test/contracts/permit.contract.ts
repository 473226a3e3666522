import {
  type Admission,
  type AdmissionPolicy,
  type Call,
  type Outcome,
  type Permit,
  type PolicyContext,
  Refusal,
  type Use,
} from '@marketprism/reliability';
import { settlePromises, testCall, type TestContext, testContext } from '@marketprism/reliability/testing';
import * as fc from 'fast-check';

/** A policy that gives permits, as the contract drives it. */
export interface PermitSubject {
  /** Makes a policy that admits at least one call when nothing has happened. */
  create(context: PolicyContext): AdmissionPolicy;
  /** Most permits that may be out at a time; `undefined` without such a limit. */
  readonly capacity?: number;
  /** Whether permits are used up and come back with time only: a rate limit. */
  readonly consumes?: boolean;
  /** Whether callers may have to queue. */
  readonly waits?: boolean;
  /** Whether neither failures nor callers make it refuse. */
  readonly neverRefuses?: boolean;
}

const USE: Use = { site: 'contract' };
const success: Outcome = { kind: 'success', value: 'ok', durationMs: 1 };
const failure: Outcome = { kind: 'failure', error: new Error('down'), durationMs: 1 };
const ignored: Outcome = { kind: 'ignored', error: new Error('gave up') };
const OUTCOMES = [success, failure, ignored] as const;

/** A policy with its calls under way. */
class Bench {
  readonly context: TestContext = testContext();
  readonly policy: AdmissionPolicy;
  readonly held: { readonly permit: Permit; readonly call: Call; settled: boolean }[] = [];

  constructor(subject: PermitSubject) {
    this.policy = subject.create(this.context);
  }

  get now(): number {
    return this.context.clock.now();
  }

  /** Admits, waits no time for it, and gives `undefined` for whoever is still queued. */
  async admit(call = testCall()): Promise<Permit | Refusal | undefined> {
    const admission: Admission = this.policy.admit(call, this.now, USE);
    let decided: Permit | Refusal | undefined = admission instanceof Promise ? undefined : admission;
    if (admission instanceof Promise) {
      void admission.then((result) => {
        decided = result;
        if (!(result instanceof Refusal)) this.held.push({ permit: result, call, settled: false });
      });
      await settlePromises();
    } else if (!(admission instanceof Refusal)) this.held.push({ permit: admission, call, settled: false });
    return decided;
  }

  settle(index: number, outcome: Outcome): void {
    const held = this.held[index]!;
    if (!held.settled) this.policy.settle(held.permit, outcome, held.call, this.now);
    held.settled = true;
  }

  end(index: number): void {
    const [held] = this.held.splice(index, 1);
    this.policy.end?.(held!.permit, this.now);
  }

  finish(outcome: Outcome): void {
    while (this.held.length > 0) {
      this.settle(0, outcome);
      this.end(0);
    }
  }
}

/** What every policy that gives permits keeps to, whatever it decides by. */
export function permitContract(name: string, subject: PermitSubject): void {
  describe(`${name}, as a giver of permits`, () => {
    it('describes itself as plain data, before and after use', async () => {
      const bench = new Bench(subject);
      const check = () => {
        const seen = bench.policy.inspect(bench.now);
        expect(seen).toMatchObject({ type: bench.policy.type, name: bench.policy.name });
        expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
      };
      check();
      await bench.admit();
      check();
      bench.finish(failure);
      check();
    });

    it.each(OUTCOMES.map((outcome) => [outcome.kind, outcome] as const))(
      'takes a permit back as %s, and again after everything else has changed',
      async (_kind, outcome) => {
        const bench = new Bench(subject);
        await bench.admit();
        bench.context.clock.advance(86_400_000);
        expect(() => bench.finish(outcome)).not.toThrow();
        await bench.context.clock.run(86_400_000);
        expect(await bench.admit()).not.toBeInstanceOf(Refusal);
      },
    );

    unless(subject.consumes)('gets every ignored permit back: nothing is learned and nothing leaks', async () => {
      const bench = new Bench(subject);
      for (let calls = 0; calls < 500; calls += 1) {
        const admission = await bench.admit();
        expect(admission).toBeDefined();
        expect(admission).not.toBeInstanceOf(Refusal);
        bench.finish(ignored);
      }
    });

    unless(subject.neverRefuses)(
      'refuses with an error that says who and that no call was made, without a stack',
      async () => {
        const bench = new Bench(subject);
        const refusal = await firstRefusal(bench);
        const error = refusal.toError();
        expect(error).toMatchObject({ policyType: bench.policy.type, policy: bench.policy.name, refused: true });
        expect(error.code).toMatch(/^[A-Z_]+$/);
        expect(error.message).toContain(bench.policy.name);
        expect(error.stack?.split('\n') ?? []).toHaveLength(error.stack === undefined ? 0 : 1);
        expect(refusal.retryAfterMs === undefined || refusal.retryAfterMs >= 0).toBe(true);
        expect(error.retryAfterMs).toBe(refusal.retryAfterMs);
      },
    );

    unless(!subject.waits)('holds no place for a caller who gives up in the queue', async () => {
      const bench = new Bench(subject);
      const waiting: Call[] = [];
      for (let calls = 0; calls < 1_000 && waiting.length === 0; calls += 1) {
        const call = testCall();
        if ((await bench.admit(call)) === undefined) waiting.push(call);
      }
      expect(waiting).toHaveLength(1);
      for (const call of waiting) call.abort(new Error('gave up'));
      await settlePromises();
      bench.finish(success);
      await bench.context.clock.run(86_400_000);
      bench.finish(success);
      expect(await bench.admit()).toBeDefined();
    });

    it('is not disturbed by a listener that throws', async () => {
      const bench = new Bench(subject);
      bench.context.emit.onAny(() => {
        throw new Error('listener');
      });
      expect(await bench.admit()).not.toBeInstanceOf(Refusal);
      expect(() => bench.finish(failure)).not.toThrow();
    });

    it('says itself whether it makes callers wait', () => {
      expect(new Bench(subject).policy.waits).toBe(subject.waits ?? false);
    });

    it('keeps to its capacity and recovers, whatever happens in whatever order', async () => {
      const step = fc.record({
        do: fc.constantFrom('admit', 'admit', 'settle', 'end', 'pass'),
        which: fc.nat({ max: 30 }),
        outcome: fc.constantFrom(...OUTCOMES),
        ms: fc.integer({ min: 1, max: 50_000 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const bench = new Bench(subject);
          for (const { do: action, which, outcome, ms } of steps) {
            const index = bench.held.length === 0 ? -1 : which % bench.held.length;
            if (action === 'admit') await bench.admit();
            else if (action === 'pass') await bench.context.clock.run(ms);
            else if (index >= 0) {
              bench.settle(index, outcome);
              if (action === 'end') bench.end(index);
            }
            expect(bench.held.length).toBeLessThanOrEqual(subject.capacity ?? Infinity);
          }
          for (let rounds = 0; rounds < 3; rounds += 1) {
            bench.finish(success);
            await bench.context.clock.run(86_400_000);
          }
          expect(await bench.admit()).not.toBeInstanceOf(Refusal);
        }),
        { numRuns: 60 },
      );
    });
  });
}

/** Fills the policy, or makes it fail, until it refuses. */
async function firstRefusal(bench: Bench): Promise<Refusal> {
  for (let calls = 0; calls < 3_000; calls += 1) {
    const admission = await bench.admit();
    if (admission instanceof Refusal) return admission;
    if (calls % 2 === 0 && bench.held.length > 0) bench.settle(bench.held.length - 1, failure);
  }
  throw new Error('never refused');
}

/** Leaves out what a kind of policy does not promise. */
function unless(exempt: boolean | undefined): (title: string, body: () => Promise<void>) => void {
  return exempt === true ? () => undefined : it;
}
