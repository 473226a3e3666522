import { seededRandom } from '../core/random.js';
import { parseOptions } from '../core/options.js';
import { type CircuitBreakerOptions, circuitBreakerOptions } from './circuit-breaker.options.js';
import { Circuit } from './circuit.js';
import { CircuitMachine } from './circuit-machine.js';
import { circuitRules } from './circuit-rules.js';
import { viewCircuit } from './circuit-view.js';
import { SUCCEEDED_SLOWLY, type Verdict } from './verdict.js';

function circuitWith(options: CircuitBreakerOptions = {}) {
  const rules = circuitRules(parseOptions(circuitBreakerOptions, { openForJitter: 0, ...options }, ''));
  const machine = new CircuitMachine(rules, seededRandom(1));
  const circuit = new Circuit();
  const report = (verdict: Verdict, now = 0) =>
    machine.report(circuit, undefined, machine.admit(circuit, undefined, now)!, verdict, now);
  const view = (now: number) => viewCircuit(circuit, machine, now);
  return { machine, circuit, report, view };
}

const failed = (error: unknown): Verdict => ({ kind: 'failure', slow: false, error });

describe('viewCircuit', () => {
  it('shows a circuit that nothing happened to', () => {
    expect(circuitWith().view(77)).toEqual({
      state: 'closed',
      forMs: null,
      retryAfterMs: 0,
      admittedShare: 1,
      consecutiveOpenings: 0,
      consecutiveFailures: 0,
      window: { calls: 0, failures: 0, slow: 0 },
      probes: null,
      openedBy: null,
    });
  });

  it('shows what counts in the window at the time', () => {
    const { report, view } = circuitWith({ windowMs: 1_000 });
    report(failed('down'), 0);
    report(SUCCEEDED_SLOWLY, 500);
    expect(view(999)).toMatchObject({ consecutiveFailures: 0, window: { calls: 2, failures: 1, slow: 1 } });
    expect(view(1_000).window).toEqual({ calls: 1, failures: 0, slow: 1 });
    expect(view(1_500).window).toEqual({ calls: 0, failures: 0, slow: 0 });
  });

  it.each([
    [new TypeError('fetch failed'), 'TypeError: fetch failed'],
    ['text', 'string'],
    [{ password: 'hidden' }, 'object'],
    [undefined, null],
  ])('shows what opened it, and of an error no more than name and message: %p', (error, shown) => {
    const { report, view } = circuitWith({ consecutiveFailures: 1 });
    report(failed(error), 10);
    expect(view(110)).toEqual({
      state: 'open',
      forMs: 100,
      retryAfterMs: 29_900,
      admittedShare: 0,
      consecutiveOpenings: 1,
      consecutiveFailures: 0,
      window: { calls: 0, failures: 0, slow: 0 },
      probes: null,
      openedBy: { reason: 'consecutive-failures', error: shown },
    });
    expect(view(99_999).retryAfterMs).toBe(0);
  });

  it('shows the probes', () => {
    const { machine, circuit, report, view } = circuitWith({ consecutiveFailures: 1 });
    report(failed('down'));
    report(failed('down'), 30_000);
    machine.admit(circuit, undefined, 30_000);
    expect(view(30_001)).toMatchObject({
      state: 'half-open',
      forMs: 1,
      admittedShare: 0,
      retryAfterMs: 29_999,
      probes: { pending: 1, reported: 1, failures: 1 },
      openedBy: null,
    });
  });

  it('shows the share that a ramp admits', () => {
    const { report, view } = circuitWith({ consecutiveFailures: 1, halfOpenPermits: 1, rampMs: 100, rampFrom: 0.2 });
    report(failed('down'));
    report({ kind: 'success', slow: false }, 30_000);
    expect(view(30_050)).toMatchObject({ state: 'ramping', forMs: 50, retryAfterMs: 50, consecutiveOpenings: 1 });
    expect(view(30_050).admittedShare).toBeCloseTo(0.6, 9);
  });

  it.each([
    ['forced-open', 0, null],
    ['disabled', 1, 0],
  ] as const)('shows a circuit that is %s', (state, admittedShare, retryAfterMs) => {
    const { machine, circuit, view } = circuitWith();
    machine.force(circuit, undefined, 5, state);
    expect(view(25)).toMatchObject({ state, forMs: 20, admittedShare, retryAfterMs, consecutiveOpenings: 0 });
  });
});
