import * as fc from 'fast-check';
import type { Random } from '../core/random.js';
import { seededRandom } from '../core/random.js';
import { Failure, Ignored, Success } from '../core/outcome.js';
import { parseOptions } from '../core/options.js';
import type { Permit } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import { PLAIN_USE } from '../core/use.js';
import { testCall } from '../testing/test-call.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { CircuitBreaker } from './circuit-breaker.js';
import {
  type CircuitBreakerOptions,
  circuitBreakerOptions,
  type ResolvedCircuitBreakerOptions,
} from './circuit-breaker.options.js';

/*
 * The breaker against a model that is as plain as can be: it keeps every outcome of a phase in a list and counts anew
 * each time it is asked. The two are driven by the same random interleavings of starts, results (early, late, slow,
 * asking for a wait), aborts, passing time, idle gaps, steps of the wall clock, new options and manual control.
 */

interface ModelCall {
  readonly generation: number;
  /** Of a probe: when it counts as failed. */
  readonly dueAt?: number;
}

interface ModelOutcome {
  at: number;
  readonly failed: boolean;
  readonly slow: boolean;
}

interface Reported {
  readonly kind: 'success' | 'failure' | 'ignored';
  readonly slow: boolean;
  readonly retryAfterMs?: number;
}

type ModelState = 'closed' | 'open' | 'half-open' | 'ramping' | 'forced-open' | 'disabled';

class Model {
  state: ModelState = 'closed';
  generation = 0;
  since = 0;
  until = 0;
  openings = 0;
  streak = 0;
  notBefore = 0;
  outcomes: ModelOutcome[] = [];
  probes: ModelCall[] = [];
  probeOutcomes: { readonly failed: boolean; readonly slow: boolean }[] = [];
  late = 0;

  constructor(
    public options: ResolvedCircuitBreakerOptions,
    private readonly random: Random,
  ) {}

  get looksAtRates(): boolean {
    return this.options.failureRate !== false || this.options.slowCallRate !== false;
  }

  get probesShown() {
    if (this.state !== 'half-open') return null;
    return {
      pending: this.probes.length,
      reported: this.probeOutcomes.length,
      failures: this.probeOutcomes.filter(({ failed }) => failed).length,
    };
  }

  enter(state: ModelState, at: number): void {
    this.state = state;
    this.since = at;
    this.generation += 1;
    this.streak = 0;
    this.outcomes = [];
    this.probes = [];
    this.probeOutcomes = [];
    if (state === 'closed' || state === 'forced-open' || state === 'disabled') this.openings = 0;
    if (state !== 'open') this.notBefore = 0;
  }

  open(at: number, forMs?: number): void {
    const { openForMs, openForFactor, openForCapMs = openForMs * 10, openForJitter } = this.options;
    this.openings += 1;
    let length = openForMs;
    for (let opening = 1; opening < this.openings; opening += 1) length *= openForFactor;
    const chance = openForJitter > 0 ? this.random.next() : 0;
    length = Math.min(length, openForCapMs) * (1 - openForJitter * chance);
    this.until = Math.max(at + (forMs ?? length), this.notBefore);
    this.enter('open', at);
  }

  /** What time alone has changed. */
  catchUp(now: number): void {
    if (this.state === 'ramping' && now >= this.since + this.options.rampMs) {
      this.enter('closed', this.since + this.options.rampMs);
    } else if (this.state === 'half-open') {
      const hung = this.probes.filter(({ dueAt }) => dueAt! <= now);
      this.probes = this.probes.filter(({ dueAt }) => dueAt! > now);
      for (const _ of hung) this.probeOutcomes.push({ failed: true, slow: false });
      this.decide(hung.length > 0 ? Math.max(...hung.map(({ dueAt }) => dueAt!)) : now);
    }
  }

  decide(at: number): void {
    const { halfOpenPermits, halfOpenFailureRate, failureRate, slowCallRate, rampMs } = this.options;
    const reported = this.probeOutcomes.length;
    if (reported < halfOpenPermits) return;
    const failureLimit = halfOpenFailureRate ?? (failureRate === false ? 0.5 : failureRate);
    const failed = this.probeOutcomes.filter((outcome) => outcome.failed).length;
    const slow = this.probeOutcomes.filter((outcome) => outcome.slow).length;
    if (failed / reported >= failureLimit || (slowCallRate !== false && slow / reported >= slowCallRate)) this.open(at);
    else this.enter(rampMs > 0 ? 'ramping' : 'closed', at);
  }

  start(now: number): ModelCall | 'refused' | 'unwatched' {
    this.catchUp(now);
    if (this.state === 'open' && now >= this.until) this.enter('half-open', now);
    switch (this.state) {
      case 'closed':
        return { generation: this.generation };
      case 'disabled':
        return 'unwatched';
      case 'ramping': {
        const { rampMs, rampFrom } = this.options;
        const share = rampFrom + (1 - rampFrom) * ((now - this.since) / rampMs);
        return this.random.next() < share ? { generation: this.generation } : 'refused';
      }
      case 'half-open': {
        if (this.probes.length + this.probeOutcomes.length >= this.options.halfOpenPermits) return 'refused';
        const probe = { generation: this.generation, dueAt: now + this.options.halfOpenMaxWaitMs };
        this.probes.push(probe);
        return probe;
      }
      case 'open':
      case 'forced-open':
        return 'refused';
    }
  }

  settle(call: ModelCall, { kind, slow, retryAfterMs }: Reported, now: number): void {
    this.catchUp(now);
    if (call.generation !== this.generation || (call.dueAt !== undefined && !this.probes.includes(call))) {
      this.late += 1;
      return;
    }
    this.probes = this.probes.filter((probe) => probe !== call);
    if (kind === 'ignored') return;
    const failed = kind === 'failure';
    if (failed && retryAfterMs !== undefined) {
      this.notBefore = Math.max(this.notBefore, now + Math.min(retryAfterMs, this.options.retryAfterCapMs));
    }
    if (call.dueAt === undefined) this.record({ at: now, failed, slow }, now);
    else {
      this.probeOutcomes.push({ failed, slow });
      this.decide(now);
    }
  }

  record(outcome: ModelOutcome, now: number): void {
    const { consecutiveFailures, failureRate, slowCallRate, minimumCalls, windowCalls = Infinity } = this.options;
    this.streak = outcome.failed ? this.streak + 1 : 0;
    if (this.looksAtRates) this.outcomes.push(outcome);
    const { calls, failures, slow } = this.counted(now);
    const enough = calls >= Math.min(minimumCalls, windowCalls);
    if (
      (outcome.failed && consecutiveFailures !== false && this.streak >= consecutiveFailures) ||
      (enough && failureRate !== false && failures / calls >= failureRate) ||
      (enough && slowCallRate !== false && slow / calls >= slowCallRate)
    ) {
      this.open(now);
    }
  }

  /** The outcomes that count: the last calls, or those of this tenth of the window and the nine before it. */
  counted(now: number): { calls: number; failures: number; slow: number } {
    const { windowCalls, windowMs } = this.options;
    const tenth = (at: number) => Math.floor((at * 10) / windowMs);
    this.outcomes =
      windowCalls === undefined
        ? this.outcomes.filter(({ at }) => tenth(at) > tenth(now) - 10)
        : this.outcomes.slice(-windowCalls);
    return {
      calls: this.outcomes.length,
      failures: this.outcomes.filter(({ failed }) => failed).length,
      slow: this.outcomes.filter((outcome) => outcome.slow).length,
    };
  }

  reconfigure(options: ResolvedCircuitBreakerOptions, now: number): void {
    const previous = this.options;
    const lookedAtRates = this.looksAtRates;
    this.options = previous;
    if (lookedAtRates && previous.windowMs !== options.windowMs && options.windowCalls === undefined) {
      this.counted(now);
    }
    this.options = options;
    const nowByCalls = options.windowCalls !== undefined;
    const sameWindow =
      previous.windowCalls === options.windowCalls && (nowByCalls || previous.windowMs === options.windowMs);
    if (!this.looksAtRates) this.outcomes = [];
    else if (!sameWindow && nowByCalls && previous.windowCalls === undefined) this.outcomes = [];
    else if (!sameWindow && !nowByCalls) for (const outcome of this.outcomes) outcome.at = now;
  }
}

const CONFIGURATIONS: readonly CircuitBreakerOptions[] = [
  {
    consecutiveFailures: 4,
    slowCallMs: 100,
    minimumCalls: 4,
    windowMs: 1_000,
    openForMs: 500,
    openForCapMs: 1_600,
    openForJitter: 0.2,
    halfOpenPermits: 2,
    halfOpenMaxWaitMs: 300,
    retryAfterCapMs: 700,
  },
  { windowCalls: 5, minimumCalls: 3, openForMs: 200, halfOpenPermits: 3, rampMs: 400, rampFrom: 0.3, slowCallMs: 100 },
  { failureRate: false, slowCallRate: false, consecutiveFailures: 2, openForMs: 300, halfOpenPermits: 1 },
  {
    consecutiveFailures: false,
    slowCallRate: false,
    failureRate: 0.75,
    minimumCalls: 2,
    windowMs: 3_000,
    openForMs: 50,
  },
  { consecutiveFailures: false, failureRate: false, slowCallRate: 1, slowCallMs: 50, windowCalls: 3, openForMs: 100 },
  { consecutiveFailures: 3, halfOpenPermits: 4, halfOpenFailureRate: 0.3, halfOpenMaxWaitMs: 100, rampMs: 1_000 },
];

const resolved = (index: number) =>
  parseOptions(circuitBreakerOptions, { ...CONFIGURATIONS[index], classify: (error: unknown) => error }, '');

type Step =
  | { readonly do: 'start' | 'precheck' | 'forceOpen' | 'disable' | 'reset' }
  | { readonly do: 'settle'; readonly which: number; readonly reported: Reported }
  | { readonly do: 'pass' | 'isolate'; readonly ms: number }
  | { readonly do: 'stepWall'; readonly ms: number }
  | { readonly do: 'reconfigure'; readonly to: number };

const reported: fc.Arbitrary<Reported> = fc.record({
  kind: fc.constantFrom('success', 'failure', 'failure', 'ignored'),
  slow: fc.boolean(),
  retryAfterMs: fc.constantFrom(undefined, undefined, undefined, 50, 600, 5_000),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('start') }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('settle'), which: fc.nat({ max: 8 }), reported }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.integer({ min: 1, max: 400 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.integer({ min: 900, max: 50_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('precheck') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stepWall'), ms: fc.integer({ min: -1e7, max: 1e7 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reconfigure'),
      to: fc.nat({ max: CONFIGURATIONS.length - 1 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({ do: fc.constantFrom('forceOpen', 'disable', 'reset', 'reset', 'reset') }),
      fc.record({ do: fc.constant('isolate'), ms: fc.integer({ min: 1, max: 300 }) }),
    ),
  },
);

/** Breaker and model side by side. */
class Pair {
  readonly capabilities = testCapabilities(7);
  readonly breaker: CircuitBreaker;
  readonly model: Model;
  readonly call = testCall();
  readonly inFlight: { readonly permit: Permit; readonly modelCall: ModelCall | 'unwatched' }[] = [];

  constructor(configuration: number) {
    this.breaker = new CircuitBreaker('model', resolved(configuration), this.capabilities);
    this.model = new Model(resolved(configuration), seededRandom(7));
  }

  get now(): number {
    return this.capabilities.clock.now();
  }

  /** What a chain would hand in: 0 when nothing in it looks at the time. */
  get chainNow(): number {
    return this.breaker.timed ? this.now : 0;
  }

  take(step: Step): void {
    const { breaker, model, now } = this;
    switch (step.do) {
      case 'start':
        this.start();
        break;
      case 'precheck': {
        const refused = breaker.precheck(this.call, this.chainNow, PLAIN_USE) !== undefined;
        model.catchUp(now);
        const full = model.probes.length + model.probeOutcomes.length >= model.options.halfOpenPermits;
        expect(refused).toBe(
          model.state === 'forced-open' ||
            (model.state === 'open' && now < model.until) ||
            (model.state === 'half-open' && full),
        );
        break;
      }
      case 'settle':
        this.settle(step.which, step.reported);
        break;
      case 'pass':
        this.capabilities.clock.advance(step.ms);
        break;
      case 'stepWall':
        this.capabilities.clock.stepWall(step.ms);
        break;
      case 'reconfigure':
        breaker.reconfigure(resolved(step.to));
        model.reconfigure(resolved(step.to), now);
        break;
      case 'forceOpen':
        breaker.forceOpen();
        if (model.state !== 'forced-open') model.enter('forced-open', now);
        break;
      case 'disable':
        breaker.disable();
        if (model.state !== 'disabled') model.enter('disabled', now);
        break;
      case 'reset':
        breaker.reset();
        model.enter('closed', now);
        break;
      case 'isolate':
        breaker.isolate(step.ms);
        model.open(now, step.ms);
    }
  }

  compare(): void {
    const { model, now } = this;
    const seen = this.breaker.inspect(now);
    model.catchUp(now);
    expect([
      seen.state,
      seen.consecutiveOpenings,
      seen.consecutiveFailures,
      seen.window,
      seen.counters.lateResults,
      seen.state === 'open' ? seen.retryAfterMs?.toFixed(6) : undefined,
      seen.probes,
    ]).toEqual([
      model.state,
      model.openings,
      model.streak,
      model.counted(now),
      model.late,
      model.state === 'open' ? Math.max(0, model.until - now).toFixed(6) : undefined,
      model.probesShown,
    ]);
  }

  private start(): void {
    const expected = this.model.start(this.now);
    const admission = this.breaker.admit(this.call, this.chainNow, PLAIN_USE);
    expect(admission instanceof Refusal).toBe(expected === 'refused');
    if (!(admission instanceof Refusal) && expected !== 'refused') {
      this.inFlight.push({ permit: admission, modelCall: expected });
    }
  }

  private settle(which: number, reported: Reported): void {
    if (this.inFlight.length === 0) return;
    const [{ permit, modelCall }] = this.inFlight.splice(which % this.inFlight.length, 1) as [Pair['inFlight'][number]];
    const { slowCallRate, slowCallMs } = this.model.options;
    const durationMs = reported.slow ? slowCallMs + 1 : slowCallMs;
    const slow = reported.slow && slowCallRate !== false;
    if (modelCall !== 'unwatched') this.model.settle(modelCall, { ...reported, slow }, this.now);
    const error = { errorClass: 'server', retryAfterMs: reported.retryAfterMs };
    const outcome =
      reported.kind === 'success'
        ? new Success('value', durationMs)
        : reported.kind === 'failure'
          ? new Failure(error, durationMs)
          : new Ignored(error);
    this.breaker.settle(permit, outcome, this.call, this.chainNow);
  }
}

describe('CircuitBreaker, against a plain model', () => {
  it('does what the model does, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: CONFIGURATIONS.length - 1 }),
        fc.array(step, { maxLength: 120, size: 'max' }),
        (configuration, steps) => {
          const pair = new Pair(configuration);
          for (const step of steps) {
            pair.take(step);
            pair.compare();
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
