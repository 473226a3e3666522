import fc from 'fast-check';
import { Call } from '../core/call.js';
import type { AdmissionPolicy, Next } from '../core/policy.js';
import { EventBus } from '../core/event-bus.js';
import { ManualClock } from '../testing/manual-clock.js';
import { seededRandom } from '../core/random.js';
import { BUILTIN_POLICIES } from './builtin-policies.js';
import { Chain } from './chain.js';
import { PolicyFactory } from './policy-factory.js';
import { parsePolicySet, type PolicySet } from './policy-set.js';
import { PLAIN_USE } from '../core/use.js';

/** What the work does when it is called. */
type Behaviour =
  | { readonly kind: 'value' | 'throws' }
  | { readonly kind: 'resolves' | 'rejects'; readonly afterMs: number }
  | { readonly kind: 'abandons-work'; readonly afterMs: number; readonly workMs: number };

interface Step {
  readonly waitMs: number;
  readonly behaviours: readonly Behaviour[];
  /** Aborted from outside so many ms after it began. */
  readonly abortAfterMs: number | undefined;
}

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  fc.record({ kind: fc.constantFrom('value' as const, 'throws' as const) }),
  fc.record({ kind: fc.constantFrom('resolves' as const, 'rejects' as const), afterMs: fc.nat(150) }),
  fc.record({ kind: fc.constant('abandons-work' as const), afterMs: fc.nat(50), workMs: fc.nat(300) }),
);
const step: fc.Arbitrary<Step> = fc.record({
  waitMs: fc.nat(120),
  behaviours: fc.array(behaviour, { minLength: 1, maxLength: 3 }),
  abortAfterMs: fc.option(fc.nat(200), { nil: undefined, freq: 4 }),
});

const SETS: readonly PolicySet[] = [
  {
    retry: { attempts: 3, backoff: { kind: 'fixed', delayMs: 10 } },
    circuitBreaker: { consecutiveFailures: 3, openForMs: 200, openForJitter: 0, slowCallMs: 80, minimumCalls: 4 },
    rateLimit: { limit: 5, windowMs: 200, maxQueued: 4 },
    bulkhead: { maxConcurrent: 2, maxQueued: 2, maxWaitMs: 100 },
    timeLimit: { limitMs: 100 },
  },
  { retry: { attempts: 2 }, bulkhead: { maxConcurrent: 2 } },
  { circuitBreaker: { consecutiveFailures: 2, openForMs: 100 }, timeLimit: { limitMs: 60, strategy: 'cooperative' } },
  { retry: { attempts: 3 }, circuitBreaker: { failureRate: false, slowCallRate: false, consecutiveFailures: 2 } },
];

/** Sets of one policy, which has a frame of its own. */
const SOLE: readonly PolicySet[] = [
  { circuitBreaker: { consecutiveFailures: 2, openForMs: 100, openForJitter: 0, slowCallMs: 80, minimumCalls: 4 } },
  { circuitBreaker: { failureRate: false, slowCallRate: false, consecutiveFailures: 2, openForMs: 100 } },
  { rateLimit: { limit: 3, windowMs: 200, maxQueued: 2 } },
  { rateLimit: { limit: 3, windowMs: 200, mode: 'reject' } },
  { bulkhead: { maxConcurrent: 2, maxQueued: 2, maxWaitMs: 100 } },
  { bulkhead: { maxConcurrent: 4, adaptive: { algorithm: 'aimd' } } },
];

/** Admits everything and learns nothing. */
const transparent: AdmissionPolicy = {
  type: 'transparent',
  name: 'p',
  kind: 'admission',
  waits: false,
  timed: false,
  admit: () => 0,
  settle: () => undefined,
  reconfigure: () => undefined,
  inspect: () => ({ type: 'transparent', name: 'p' }),
};

/** As it is linked by itself; each link by itself; a policy that is alone, as if it were not. */
type How = 'framed' | 'link by link' | 'in company';

/**
 * Runs the schedule through a chain, in one frame or link by link, and tells all that can be seen from outside, instant by
 * instant. Which of several calls is told first within one instant is left open: a frame saves promises, and with them
 * turns of the microtask queue.
 */
async function trace(set: PolicySet, steps: readonly Step[], how: How): Promise<unknown> {
  const clock = new ManualClock();
  const emit = new EventBus();
  const seen: { readonly at: number; readonly what: string }[] = [];
  const see = (what: string) => seen.push({ at: clock.now(), what });
  emit.onAny((event) => see(`${event.type} at ${event.at}`));
  const capabilities = { clock, random: seededRandom(7), emit };
  const factory = new PolicyFactory(BUILTIN_POLICIES, capabilities);
  const links = parsePolicySet(factory, set, '').map(({ definition, options }) => ({
    policy: factory.createParsed(definition, 'p', options),
    slot: definition.slot,
    use: PLAIN_USE,
  }));
  const company = how === 'in company' ? [{ policy: transparent, slot: links[0]!.slot, use: PLAIN_USE }] : [];
  const later = (ms: number) => new Promise<void>((resolve) => clock.schedule(ms, resolve));
  const work = (behaviours: readonly Behaviour[]) => (call: Call) => {
    const next = behaviours[(call.attempt - 1) % behaviours.length]!;
    const failure = new TypeError(`attempt ${call.attempt}`);
    switch (next.kind) {
      case 'value':
        return 'value';
      case 'throws':
        throw failure;
      case 'resolves':
        return later(next.afterMs).then(() => 'later');
      case 'rejects':
        return later(next.afterMs).then(() => Promise.reject(failure));
      case 'abandons-work':
        call.abandon(later(next.workMs));
        return later(next.afterMs).then(() => 'left some work behind');
    }
  };
  const through = (call: Call, next: Next) => next(call);
  const linkByLink = { call: through, attempt: through, invoke: through };
  const chain = new Chain(
    [...links, ...company],
    (call) => (call.target as Next)(call),
    capabilities,
    undefined,
    how === 'link by link' ? linkByLink : undefined,
  );
  const tell = (index: number, what: string, result: unknown) =>
    see(`${index} ${what} ${result instanceof Error ? `${result.name}: ${result.message}` : String(result)}`);
  for (const [index, { waitMs, behaviours, abortAfterMs }] of steps.entries()) {
    const call = new Call('call', work(behaviours), undefined, []);
    if (abortAfterMs !== undefined) {
      const controller = new AbortController();
      call.follow(controller.signal);
      clock.schedule(abortAfterMs, () => controller.abort(new Error('gave up')));
    }
    try {
      const result = chain.execute(call);
      if (result instanceof Promise) {
        result.then(
          (value) => tell(index, 'resolved', value),
          (error: unknown) => tell(index, 'rejected', error),
        );
      } else tell(index, 'gave', result);
    } catch (error) {
      tell(index, 'threw', error);
    }
    await clock.run(waitMs);
    see(chain.inFlight > 0 ? 'some in flight' : 'none in flight');
  }
  await clock.run(60_000);
  seen.sort((one, other) => one.at - other.at || one.what.localeCompare(other.what));
  return { seen, inFlight: chain.inFlight, after: links.map(({ policy }) => policy.inspect(clock.now())) };
}

describe('attempt frame', () => {
  it.each(SETS.map((set) => [Object.keys(set).join(', '), set] as const))(
    'does what its links do one by one: %s',
    async (_, set) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          expect(await trace(set, steps, 'framed')).toEqual(await trace(set, steps, 'link by link'));
        }),
        { numRuns: 150 },
      );
    },
    30_000,
  );
});

describe('sole frame', () => {
  it.each(SOLE.map((set) => [JSON.stringify(set), set] as const))(
    'does what a frame of several policies does: %s',
    async (_, set) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          expect(await trace(set, steps, 'framed')).toEqual(await trace(set, steps, 'in company'));
        }),
        { numRuns: 150 },
      );
    },
    30_000,
  );
});
