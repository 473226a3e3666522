import { isDeepStrictEqual } from 'node:util';
import type { Call } from '../core/call.js';
import { DurationHistogram, type DurationsSnapshot } from '../core/duration-histogram.js';
import { InvalidUseError } from '../core/errors.js';
import { KeyedStates } from '../core/keyed-states.js';
import type { Outcome } from '../core/outcome.js';
import type { Permit, AdmissionPolicy, PolicyContext, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import type { Refusal } from '../core/refusal.js';
import { keyOf, type Use } from '../core/use.js';
import { ActiveProbe, type ProbedBreaker } from './active-probe.js';
import { Circuit } from './circuit.js';
import { circuitBreakerOptions, type ResolvedCircuitBreakerOptions } from './circuit-breaker.options.js';
import { CircuitMachine, type CircuitPermit, type Transition, UNRECORDED } from './circuit-machine.js';
import { CircuitRefusal, type RefusingState } from './circuit-open-error.js';
import { circuitRules } from './circuit-rules.js';
import { type CircuitView, viewCircuit } from './circuit-view.js';
import { isSlow, judge } from './outcome-judge.js';
import type { Verdict } from './verdict.js';

/** Keys listed in a snapshot; the others are only counted. */
const KEYS_SHOWN = 20;

/** What `inspect` gives. Counters are totals since the breaker was made, over all keys. */
export interface CircuitBreakerSnapshot extends CircuitView {
  readonly mode: ResolvedCircuitBreakerOptions['mode'];
  readonly keys: KeysSnapshot;
  readonly counters: Readonly<Record<CircuitBreakerCounter, number>>;
  /** How long calls took, once it measures. */
  readonly durations: DurationsSnapshot | undefined;
}

export interface KeysSnapshot {
  readonly held: number;
  /** Of these, the ones whose circuit is not closed. */
  readonly notClosed: number;
  readonly retired: number;
  readonly evicted: number;
  readonly overflowed: number;
  /** The first circuits that are not closed, at most 20. */
  readonly shown: Readonly<Record<string, CircuitView>>;
}

export type CircuitBreakerCounter = 'admitted' | 'successes' | 'failures' | 'slowCalls' | keyof RareCounts;

/** Counters of what most breakers never see; made when the first of them counts. */
class RareCounts {
  refused = 0;
  wouldHaveRefused = 0;
  unrecorded = 0;
  ignored = 0;
  lateResults = 0;
  openings = 0;
  halfOpenings = 0;
  recoveries = 0;
  predicateErrors = 0;
}

const NOTHING_RARE: Readonly<RareCounts> = Object.freeze(new RareCounts());

/** A permit from the circuit of a key. */
class KeyedPermit {
  constructor(
    readonly circuit: Circuit,
    readonly key: string,
    readonly permit: CircuitPermit,
  ) {}
}

/**
 * Refuses calls to what keeps failing, and finds out with a few when it has recovered. State per key where the use has
 * one. Nothing happens between calls unless a `probe` is configured.
 */
export class CircuitBreaker implements AdmissionPolicy {
  private options: ResolvedCircuitBreakerOptions;
  private readonly machine: CircuitMachine;
  /** The circuit of calls without a key. Forced open or disabled, it governs the keyed ones too. */
  private readonly circuit = new Circuit();
  private keyed: KeyedStates<Circuit> | undefined = undefined;
  private activeProbe: ActiveProbe | undefined = undefined;

  private admitted = 0;
  private successes = 0;
  private failures = 0;
  private slowCalls = 0;
  private rare: RareCounts | undefined = undefined;
  private durations: DurationHistogram | undefined = undefined;

  constructor(
    readonly name: string,
    options: ResolvedCircuitBreakerOptions,
    private readonly context: Pick<PolicyContext, 'clock' | 'random' | 'emit'>,
  ) {
    this.options = options;
    this.machine = new CircuitMachine(circuitRules(options), context.random);
    this.applyMode();
  }

  // Getters, since there may be many breakers: a field costs each of them.
  get kind(): 'admission' {
    return 'admission';
  }

  get type(): 'circuit-breaker' {
    return 'circuit-breaker';
  }

  get waits(): false {
    return false;
  }

  /** `false` when only failures in a row are counted. */
  get timed(): boolean {
    const { window, rampMs } = this.machine.rules;
    return window !== undefined || rampMs > 0 || this.durations !== undefined;
  }

  precheck(call: Call, now: number, use: Use): Refusal | undefined {
    return use.key === undefined && this.circuit.phase.kind === 'closed'
      ? undefined
      : this.precheckOne(this.circuit, call, now, use);
  }

  private precheckOne(circuit: Circuit, call: Call, now: number, use: Use): Refusal | undefined {
    const key = this.keyFor(call, use);
    const held = key === undefined ? circuit : this.keyed?.peek(key);
    if (held === undefined || this.onlyWatches(held)) return undefined;
    const at = this.time(now);
    const refuses = this.machine.refuses(held, key, at);
    this.announceTransitions();
    return refuses ? this.refuse(held, key, at) : undefined;
  }

  admit(call: Call, now: number, use: Use): Permit | Refusal {
    const circuit = this.circuit;
    if (use.key === undefined && circuit.phase.kind === 'closed') {
      this.admitted += 1;
      return circuit.generation;
    }
    return this.admitOne(circuit, call, now, use);
  }

  private admitOne(circuit: Circuit, call: Call, now: number, use: Use): Permit | Refusal {
    const key = this.keyFor(call, use);
    const at = this.time(now);
    if (key === undefined) return this.admitTo(circuit, undefined, at) ?? this.refuse(circuit, undefined, at);
    const keyed = this.circuitOf(key, at);
    if (keyed === undefined) return this.pass();
    const permit = this.admitTo(keyed, key, at);
    return permit === undefined ? this.refuse(keyed, key, at) : new KeyedPermit(keyed, key, permit);
  }

  settle(permit: Permit, outcome: Outcome, _call: Call, now: number): void {
    if (this.durations !== undefined && outcome.kind !== 'ignored') this.durations.record(outcome.durationMs);
    const circuit = this.circuit;
    if (
      outcome.kind === 'success' &&
      permit === circuit.generation &&
      circuit.phase.kind === 'closed' &&
      !this.machine.rules.looksAtResults
    ) {
      this.successes += 1;
      const slow = isSlow(this.options, outcome.durationMs);
      if (slow) this.slowCalls += 1;
      // A chain linked while nothing looked at the clock hands out 0.
      this.machine.succeeded(circuit, slow, this.machine.rules.window === undefined ? now : this.time(now));
    } else {
      this.settleOne(permit, outcome, now);
    }
    if (this.machine.transitions !== undefined) this.announceTransitions();
  }

  private settleOne(permit: Permit, outcome: Outcome, now: number): void {
    if (permit === UNRECORDED) return;
    if (permit instanceof KeyedPermit) {
      if (permit.permit !== UNRECORDED) {
        this.report(permit.circuit, permit.key, permit.permit, this.judge(outcome, permit.key), this.time(now));
      }
    } else {
      this.report(this.circuit, undefined, permit as CircuitPermit, this.judge(outcome, undefined), this.time(now));
    }
  }

  /** Refuses every call, or every call of one key, until {@link reset}. */
  forceOpen(key?: string): void {
    this.steer(key, (circuit, now) => this.machine.force(circuit, key, now, 'forced-open'));
  }

  /** Lets every call pass unwatched, or every call of one key, until {@link reset}. */
  disable(key?: string): void {
    this.steer(key, (circuit, now) => this.machine.force(circuit, key, now, 'disabled'));
  }

  /**
   * Opens the circuit, or that of one key, for a time; then it probes and recovers as after a failure.
   * @param forMs at least 0; `Infinity` until {@link reset}
   * @throws InvalidUseError for any other time
   */
  isolate(forMs: number, key?: string): void {
    if (typeof forMs !== 'number' || !(forMs >= 0)) {
      throw new InvalidUseError(this.name, this.type, 'isolate', 'must be given a number of ms, at least 0', forMs);
    }
    this.steer(key, (circuit, now) => this.machine.isolate(circuit, key, now, forMs));
  }

  /** Back to closed with nothing recorded, in the configured mode; without a key for all of them. */
  reset(key?: string): void {
    this.steer(key, (circuit, now) => this.machine.reset(circuit, key, now));
    if (key !== undefined) return;
    const now = this.context.clock.now();
    for (const [pinnedKey, circuit] of this.keyed?.pinnedEntries() ?? []) {
      this.machine.reset(circuit, pinnedKey, now);
    }
    this.applyMode();
    this.announceTransitions();
    this.keyed?.clear();
  }

  /**
   * Opens sooner while others have reason to doubt what is called: multiplies the numbers and the share of failures that
   * open by `wariness`, 0 (exclusive) to 1 (as configured). Kept when it is reconfigured.
   */
  beWary(wariness: number): void {
    this.machine.rules = circuitRules(this.options, wariness);
  }

  reconfigure(options: ResolvedCircuitBreakerOptions): void {
    const previous = this.options;
    const previousWindow = this.machine.rules.window;
    this.options = options;
    this.machine.rules = circuitRules(options, this.machine.rules.wariness);
    if (!isDeepStrictEqual(previousWindow, this.machine.rules.window)) this.convertWindows(this.context.clock.now());
    this.keyed?.reconfigure({ maxKeys: options.maxKeys, idleMs: options.keyIdleMs });
    if (previous.mode !== options.mode) this.reset();
    if (previous.probe !== options.probe) this.planProbes();
  }

  /** State and counters; `key` for the circuit of one key. */
  inspect(now: number): PolicySnapshot & CircuitBreakerSnapshot {
    return {
      type: this.type,
      name: this.name,
      mode: this.options.mode,
      ...this.view(this.circuit, undefined, now),
      keys: this.keysSnapshot(now),
      counters: {
        admitted: this.admitted,
        successes: this.successes,
        failures: this.failures,
        slowCalls: this.slowCalls,
        ...(this.rare ?? NOTHING_RARE),
      },
      durations: this.durations?.snapshot(),
    };
  }

  /** The circuit of one key; `undefined` when it is not held, which is as good as closed. */
  inspectKey(key: string, now: number): CircuitView | undefined {
    const circuit = this.keyed?.peek(key);
    return circuit === undefined ? undefined : this.view(circuit, key, now);
  }

  measure(): void {
    this.durations ??= new DurationHistogram();
  }

  close(): void {
    this.activeProbe?.close();
  }

  /** The key whose circuit decides; `undefined` for that of the whole breaker. */
  private keyFor(call: Call, use: Use): string | undefined {
    const { kind } = this.circuit.phase;
    return kind === 'forced-open' || kind === 'disabled' ? undefined : keyOf(use, call, this.name);
  }

  private circuitOf(key: string, now: number): Circuit | undefined {
    const { maxKeys, keyIdleMs } = this.options;
    const keyed = (this.keyed ??= new KeyedStates({ maxKeys, idleMs: keyIdleMs }));
    const held = keyed.get(key, now);
    if (held !== undefined) return held;
    const circuit = new Circuit();
    return keyed.set(key, circuit, now) ? circuit : undefined;
  }

  private admitTo(circuit: Circuit, key: string | undefined, now: number): CircuitPermit | undefined {
    const permit = this.machine.admit(circuit, key, now);
    this.announceTransitions();
    if (permit === UNRECORDED) return this.pass();
    if (permit !== undefined) {
      this.admitted += 1;
      return permit;
    }
    if (!this.onlyWatches(circuit)) return undefined;
    this.counts.wouldHaveRefused += 1;
    this.emitRefused(circuit, key, now, false);
    return this.pass();
  }

  private get counts(): RareCounts {
    return (this.rare ??= new RareCounts());
  }

  private pass(): number {
    this.counts.unrecorded += 1;
    return UNRECORDED;
  }

  private onlyWatches({ phase }: Circuit): boolean {
    return this.options.mode === 'metrics-only' && phase.kind !== 'forced-open';
  }

  private refuse(circuit: Circuit, key: string | undefined, now: number): Refusal {
    this.counts.refused += 1;
    this.emitRefused(circuit, key, now, true);
    const { phase } = circuit;
    const cause = 'error' in phase ? phase.error : undefined;
    return new CircuitRefusal(
      this.name,
      phase.kind as RefusingState,
      key,
      this.machine.retryAfterMs(circuit, now),
      cause,
    );
  }

  private emitRefused(circuit: Circuit, key: string | undefined, now: number, enforced: boolean): void {
    const { emit } = this.context;
    if (!emit.wants('circuit-breaker.refused')) return;
    emit.emit({
      type: 'circuit-breaker.refused',
      policy: this.name,
      key,
      at: now,
      state: circuit.phase.kind,
      enforced,
      retryAfterMs: this.machine.retryAfterMs(circuit, now),
    });
  }

  private judge(outcome: Outcome, key: string | undefined): Verdict {
    return judge(this.options, outcome, (predicate, error) => {
      this.counts.predicateErrors += 1;
      const at = this.context.clock.now();
      this.context.emit.emit({
        type: 'circuit-breaker.predicate-failed',
        policy: this.name,
        key,
        at,
        predicate,
        error,
      });
    });
  }

  private report(
    circuit: Circuit,
    key: string | undefined,
    permit: CircuitPermit,
    verdict: Verdict,
    now: number,
  ): void {
    if (!this.machine.report(circuit, key, permit, verdict, now)) this.counts.lateResults += 1;
    else if (verdict.kind === 'ignored') this.counts.ignored += 1;
    else {
      if (verdict.kind === 'success') this.successes += 1;
      else this.failures += 1;
      if (verdict.slow) this.slowCalls += 1;
    }
  }

  private steer(key: string | undefined, change: (circuit: Circuit, now: number) => void): void {
    const now = this.context.clock.now();
    const circuit = key === undefined ? this.circuit : this.circuitOf(key, now);
    if (circuit !== undefined) change(circuit, now);
    this.announceTransitions();
  }

  private applyMode(): void {
    const { mode } = this.options;
    if (mode === 'forced-open' || mode === 'disabled') {
      this.machine.force(this.circuit, undefined, this.context.clock.now(), mode);
    }
    this.announceTransitions();
  }

  private convertWindows(now: number): void {
    const { window } = this.machine.rules;
    const convert = (circuit: Circuit) => {
      circuit.outcomes =
        circuit.outcomes === undefined ? undefined : window?.convert(circuit.outcomes, window.sliceOf(now));
    };
    convert(this.circuit);
    for (const [, circuit] of this.keyed?.entries() ?? []) convert(circuit);
  }

  private announceTransitions(): void {
    const { transitions } = this.machine;
    if (transitions === undefined) return;
    this.machine.transitions = undefined;
    for (const transition of transitions) this.follow(transition);
    for (const transition of transitions) this.announce(transition);
  }

  /** Keeps counters, pins and planned probes in step with a transition. */
  private follow({ circuit, key, to, reason }: Transition): void {
    if (to.kind === 'open') this.counts.openings += 1;
    else if (to.kind === 'half-open') this.counts.halfOpenings += 1;
    if (reason === 'ramp-complete' || (reason === 'probes-succeeded' && to.kind === 'closed'))
      this.counts.recoveries += 1;
    if (key !== undefined && this.keyed?.peek(key) === circuit) {
      if (to.kind === 'closed') this.keyed.unpin(key);
      else this.keyed.pin(key);
    }
    if (to.kind === 'open') this.planProbe(circuit, key, to.until);
  }

  /** Has what is open or half-open already probed by the probe of now. */
  private planProbes(): void {
    const plan = (circuit: Circuit, key: string | undefined) => {
      const { phase } = circuit;
      this.activeProbe?.cancel(circuit);
      if (phase.kind === 'open') this.planProbe(circuit, key, phase.until);
      else if (phase.kind === 'half-open') this.planProbe(circuit, key, phase.since);
    };
    plan(this.circuit, undefined);
    for (const [key, circuit] of this.keyed?.pinnedEntries() ?? []) plan(circuit, key);
  }

  private planProbe(circuit: Circuit, key: string | undefined, dueAt: number): void {
    const { probe, halfOpenMaxWaitMs } = this.options;
    if (probe === undefined) return;
    const { clock } = this.context;
    this.activeProbe ??= new ActiveProbe(this.probed(), clock);
    this.activeProbe.schedule(circuit, key, dueAt - clock.now(), { probe, maxWaitMs: halfOpenMaxWaitMs });
  }

  private probed(): ProbedBreaker {
    const { clock } = this.context;
    return {
      admitProbe: (circuit, key) => {
        const probe = this.machine.admitProbe(circuit, key, clock.now());
        this.announceTransitions();
        return probe;
      },
      reportProbe: (circuit, key, probe, outcome) => {
        this.report(circuit, key, probe, this.judge(outcome, key), clock.now());
        this.announceTransitions();
      },
    };
  }

  private announce({ key, from, to, reason, at }: Transition): void {
    if (from.kind === to.kind) return;
    this.context.emit.emit({
      type: 'circuit-breaker.transition',
      policy: this.name,
      key,
      at,
      from: from.kind,
      to: to.kind,
      reason,
      retryAfterMs: to.kind === 'open' ? to.until - at : undefined,
      error: to.kind === 'open' ? to.error : undefined,
    });
  }

  private view(circuit: Circuit, key: string | undefined, now: number): CircuitView {
    this.machine.advance(circuit, key, now);
    this.announceTransitions();
    return viewCircuit(circuit, this.machine, now);
  }

  private keysSnapshot(now: number): KeysSnapshot {
    const keyed = this.keyed;
    if (keyed === undefined) return { held: 0, notClosed: 0, retired: 0, evicted: 0, overflowed: 0, shown: {} };
    const shown: Record<string, CircuitView> = {};
    // Not a copy of them all: there may be a million.
    let left = KEYS_SHOWN;
    for (const [key, circuit] of keyed.pinnedEntries()) {
      if (left === 0) break;
      left -= 1;
      shown[key] = this.view(circuit, key, now);
    }
    const { size, pinnedSize, retired, evicted, overflowed } = keyed;
    return { held: size, notClosed: pinnedSize, retired, evicted, overflowed, shown };
  }

  /** A chain in which nothing looks at the time hands in 0. */
  private time(now: number): number {
    return now === 0 ? this.context.clock.now() : now;
  }
}

/** How a circuit breaker is configured and made. */
export const circuitBreakerPolicy = {
  type: 'circuit-breaker',
  optionKey: 'circuitBreaker',
  slot: 'circuit-breaker',
  options: circuitBreakerOptions,
  create: (name, options, context) => new CircuitBreaker(name, options, context),
} satisfies PolicyDefinition<typeof circuitBreakerOptions, CircuitBreaker>;
