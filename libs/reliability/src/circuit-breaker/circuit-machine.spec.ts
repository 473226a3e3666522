import { parseOptions } from '../core/options.js';
import { type CircuitBreakerOptions, circuitBreakerOptions } from './circuit-breaker.options.js';
import { Circuit, type HalfOpen, type Open, Probe } from './circuit.js';
import { CircuitMachine, type CircuitPermit, UNRECORDED } from './circuit-machine.js';
import { circuitRules } from './circuit-rules.js';
import { IGNORED, SUCCEEDED, SUCCEEDED_SLOWLY, type Verdict } from './verdict.js';

const KEY = 'btc';
const rulesOf = (options: CircuitBreakerOptions) =>
  circuitRules(parseOptions(circuitBreakerOptions, { openForMs: 1_000, openForJitter: 0, ...options }, ''));

/** One circuit and its machine, chance always drawing the same. */
function circuitWith(options: CircuitBreakerOptions = {}, chance = 0.5) {
  let drawn = 0;
  const random = {
    next: () => {
      drawn += 1;
      return chance;
    },
  };
  const machine = new CircuitMachine(rulesOf(options), random);
  const circuit = new Circuit();
  const admit = (now = 0) => machine.admit(circuit, KEY, now);
  const report = (permit: CircuitPermit, verdict: Verdict, now = 0) =>
    machine.report(circuit, KEY, permit, verdict, now);
  const call = (verdict: Verdict, now = 0) => report(admit(now)!, verdict, now);
  const transitions = () => {
    const taken = machine.transitions ?? [];
    machine.transitions = undefined;
    return taken.map(({ key, from, to, reason, at }) => `${key} ${at} ${from.kind}>${to.kind} ${reason}`);
  };
  const opened = (openedAt = 0) => {
    machine.isolate(circuit, KEY, openedAt, 1_000);
    transitions();
  };
  return { machine, circuit, admit, report, call, transitions, opened, drawn: () => drawn };
}

const failed = (more: Partial<Extract<Verdict, { kind: 'failure' }>> = {}): Verdict => ({
  kind: 'failure',
  slow: false,
  error: 'down',
  ...more,
});

describe('a closed circuit', () => {
  it('gives its generation as the permit, and announces nothing', () => {
    const { admit, transitions, machine } = circuitWith();
    expect([admit(), admit(5)]).toEqual([0, 0]);
    expect(machine.transitions).toBeUndefined();
    expect(transitions()).toEqual([]);
  });

  it('opens at the failures in a row, which a success ends and an ignored call does not', () => {
    const { call, circuit, transitions } = circuitWith({ consecutiveFailures: 3, failureRate: false });
    for (const verdict of [failed(), failed(), SUCCEEDED, failed(), failed(), IGNORED]) call(verdict);
    expect(circuit.phase.kind).toBe('closed');
    expect(circuit.consecutiveFailures).toBe(2);
    call(failed({ error: 'the last' }), 7);
    expect(circuit.phase).toEqual({
      kind: 'open',
      since: 7,
      until: 1_007,
      openings: 1,
      reason: 'consecutive-failures',
      notBefore: 0,
      error: 'the last',
    });
    expect(transitions()).toEqual(['btc 7 closed>open consecutive-failures']);
    expect(circuit).toMatchObject({ generation: 1, consecutiveFailures: 0, outcomes: undefined });
  });

  it('opens at the failure rate, by a success too when that makes the calls enough', () => {
    const { call, circuit } = circuitWith({ consecutiveFailures: false, minimumCalls: 4 });
    for (const verdict of [failed(), failed(), SUCCEEDED]) call(verdict);
    expect(circuit.phase.kind).toBe('closed');
    call(SUCCEEDED);
    expect(circuit.phase).toMatchObject({ kind: 'open', reason: 'failure-rate', error: undefined });
  });

  it('opens at the rate of slow calls', () => {
    const { call, circuit } = circuitWith({ minimumCalls: 2 });
    call(SUCCEEDED_SLOWLY);
    expect(circuit.phase.kind).toBe('closed');
    call(SUCCEEDED);
    expect(circuit.phase).toMatchObject({ kind: 'open', reason: 'slow-call-rate' });
  });

  it('names the failures in a row where a rate is reached as well', () => {
    const { call, circuit } = circuitWith({ consecutiveFailures: 2, minimumCalls: 2 });
    call(failed());
    call(failed());
    expect(circuit.phase).toMatchObject({ reason: 'consecutive-failures' });
  });

  it('does not take a success for the end of a row of failures that is long enough', () => {
    const { machine, call, circuit } = circuitWith({ consecutiveFailures: 5 });
    for (let failures = 0; failures < 3; failures += 1) call(failed());
    machine.rules = rulesOf({ consecutiveFailures: 1 });
    call(SUCCEEDED);
    expect(circuit.phase.kind).toBe('closed');
  });

  it('stores no outcome where no rate is looked at', () => {
    const { call, circuit } = circuitWith({ failureRate: false, slowCallRate: false });
    call(failed());
    call(SUCCEEDED_SLOWLY);
    expect(circuit.outcomes).toBeUndefined();
  });

  it('opens on a single outcome, for the time given or the usual one', () => {
    const forGiven = circuitWith();
    forGiven.call(failed({ opens: { forMs: 77 } }));
    expect(forGiven.circuit.phase).toMatchObject({ until: 77, reason: 'single-outcome', error: 'down' });
    const usual = circuitWith();
    usual.call({ ...SUCCEEDED, opens: { forMs: undefined } });
    expect(usual.circuit.phase).toMatchObject({ until: 1_000, reason: 'single-outcome', error: undefined });
  });

  it('stays open as long as any recent failure asked for, no longer than the cap', () => {
    const { call, circuit } = circuitWith({ consecutiveFailures: 3, retryAfterCapMs: 5_000 });
    call(failed({ retryAfterMs: 4_000 }), 100);
    expect(circuit.phase).toEqual({ kind: 'closed', notBefore: 4_100 });
    call(failed({ retryAfterMs: 10 }), 200);
    call(failed(), 300);
    expect(circuit.phase).toMatchObject({ until: 4_100, notBefore: 4_100 });
    const capped = circuitWith({ consecutiveFailures: 1, retryAfterCapMs: 5_000 });
    capped.call(failed({ retryAfterMs: 9_000 }), 100);
    expect(capped.circuit.phase).toMatchObject({ until: 5_100 });
  });

  it('does not shorten the open time by what a failure asked for', () => {
    const { call, circuit } = circuitWith({ consecutiveFailures: 1 });
    call(failed({ retryAfterMs: 10 }));
    expect(circuit.phase).toMatchObject({ until: 1_000 });
  });

  it('drops results of an earlier generation', () => {
    const { admit, report, machine, circuit } = circuitWith({ consecutiveFailures: 1 });
    const old = admit()!;
    machine.reset(circuit, KEY, 0);
    expect(report(old, failed())).toBe(false);
    expect(circuit.phase.kind).toBe('closed');
    expect(report(admit()!, IGNORED)).toBe(true);
    expect(report(UNRECORDED, failed())).toBe(false);
  });

  it('takes the short way of a success for a report of one', () => {
    const { machine, circuit, call, transitions } = circuitWith({ consecutiveFailures: 3, minimumCalls: 4 });
    call(failed());
    call(failed());
    machine.succeeded(circuit, false, 0);
    expect(circuit).toMatchObject({ consecutiveFailures: 0, outcomes: { calls: 3, failures: 2, slow: 0 } });
    expect(circuit.phase.kind).toBe('closed');
    machine.succeeded(circuit, true, 9);
    expect(circuit.phase).toMatchObject({ kind: 'open', since: 9, reason: 'failure-rate', error: undefined });
    expect(transitions()).toEqual(['undefined 9 closed>open failure-rate']);
  });

  it('counts slow successes on the short way, and nothing where no rate is looked at', () => {
    const slow = circuitWith({ minimumCalls: 2 });
    slow.machine.succeeded(slow.circuit, true, 0);
    expect(slow.circuit.phase.kind).toBe('closed');
    slow.machine.succeeded(slow.circuit, false, 0);
    expect(slow.circuit.phase).toMatchObject({ kind: 'open', reason: 'slow-call-rate' });
    const unlooked = circuitWith({ failureRate: false, slowCallRate: false });
    unlooked.call(failed());
    unlooked.machine.succeeded(unlooked.circuit, true, 0);
    expect(unlooked.circuit).toMatchObject({ consecutiveFailures: 0, outcomes: undefined });
  });

  it('refuses nobody', () => {
    const { machine, circuit } = circuitWith();
    expect(machine.refuses(circuit, KEY, 0)).toBe(false);
    expect(machine.retryAfterMs(circuit, 0)).toBe(0);
  });
});

describe('an open circuit', () => {
  it('refuses until its time is over, and then takes a probe', () => {
    const { machine, circuit, admit, opened, transitions } = circuitWith();
    opened();
    expect([admit(999), machine.refuses(circuit, KEY, 999), machine.retryAfterMs(circuit, 999)]).toEqual([
      undefined,
      true,
      1,
    ]);
    expect(machine.refuses(circuit, KEY, 1_000)).toBe(false);
    expect(machine.retryAfterMs(circuit, 5_000)).toBe(0);
    expect(circuit.phase.kind).toBe('open');
    expect(admit(1_000)).toEqual(new Probe(31_000));
    expect(transitions()).toEqual(['btc 1000 open>half-open open-time-over']);
  });

  it('draws chance for its time only where it is jittered', () => {
    const steady = circuitWith({ consecutiveFailures: 1 });
    steady.call(failed());
    expect(steady.drawn()).toBe(0);
    const jittered = circuitWith({ consecutiveFailures: 1, openForJitter: 0.2 });
    jittered.call(failed());
    expect(jittered.drawn()).toBe(1);
    expect(jittered.circuit.phase).toMatchObject({ until: 900 });
  });

  it('is not opened by ordinary calls where an active probe finds out', () => {
    const { machine, circuit, admit, opened } = circuitWith({ probe: () => undefined });
    opened();
    expect(admit(2_000)).toBeUndefined();
    expect(machine.refuses(circuit, KEY, 2_000)).toBe(true);
    expect(machine.admitProbe(circuit, KEY, 999)).toBeUndefined();
    expect(machine.admitProbe(circuit, KEY, 2_000)).toBeInstanceOf(Probe);
    expect(admit(2_000)).toBeUndefined();
    expect(machine.refuses(circuit, KEY, 2_000)).toBe(true);
  });

  it('keeps a wait that was asked for when it is isolated anew', () => {
    const { machine, call, circuit } = circuitWith({ consecutiveFailures: 1 });
    call(failed({ retryAfterMs: 9_000 }));
    machine.isolate(circuit, KEY, 10, 5);
    expect(circuit.phase).toMatchObject({ until: 9_000, reason: 'isolated', openings: 2 });
  });
});

describe('a half-open circuit', () => {
  const halfOpen = (options: CircuitBreakerOptions = {}) => {
    const hands = circuitWith({ halfOpenPermits: 2, halfOpenMaxWaitMs: 400, ...options });
    hands.opened();
    const probe = (now = 1_000) => hands.admit(now) as Probe;
    return { ...hands, probe, phase: () => hands.circuit.phase as HalfOpen };
  };

  it('gives as many permits as it has, and refuses the rest for as long as a probe may take', () => {
    const { machine, circuit, admit, probe } = halfOpen();
    probe();
    expect(machine.refuses(circuit, KEY, 1_000)).toBe(false);
    probe(1_100);
    expect(admit(1_100)).toBeUndefined();
    expect(machine.refuses(circuit, KEY, 1_100)).toBe(true);
    expect(machine.retryAfterMs(circuit, 1_100)).toBe(300);
    expect(machine.retryAfterMs(circuit, 9_999)).toBe(0);
  });

  it('tells refused callers no more than the first open time, and 0 between probes', () => {
    const { machine, circuit, probe, report } = halfOpen({ halfOpenMaxWaitMs: 60_000 });
    const first = probe();
    expect(machine.retryAfterMs(circuit, 1_000)).toBe(1_000);
    report(first, SUCCEEDED, 1_000);
    expect(machine.retryAfterMs(circuit, 1_000)).toBe(0);
  });

  it('closes when all have reported and too few failed', () => {
    const { probe, report, circuit, transitions } = halfOpen({ halfOpenPermits: 3, halfOpenFailureRate: 0.5 });
    const probes = [probe(), probe(), probe()] as const;
    report(probes[0], failed(), 1_001);
    report(probes[1], SUCCEEDED, 1_002);
    expect(circuit.phase).toMatchObject({ kind: 'half-open', reported: 2, failures: 1, error: 'down' });
    expect(report(probes[2], SUCCEEDED, 1_003)).toBe(true);
    expect(circuit.phase).toEqual({ kind: 'closed', notBefore: 0 });
    expect(transitions().at(-1)).toBe('btc 1003 half-open>closed probes-succeeded');
  });

  it('opens for longer when enough failed, with the last failure and the wait it asked for', () => {
    const { probe, report, circuit, transitions } = halfOpen();
    const [first, second] = [probe(), probe()];
    report(first, failed({ retryAfterMs: 8_000, error: 'asks' }), 1_010);
    report(second, SUCCEEDED, 1_020);
    expect(circuit.phase).toEqual({
      kind: 'open',
      since: 1_020,
      until: 9_010,
      openings: 2,
      reason: 'probes-failed',
      notBefore: 9_010,
      error: 'asks',
    });
    expect(transitions().at(-1)).toBe('btc 1020 half-open>open probes-failed');
  });

  it('keeps the longest wait that a probe asked for, and of failures that ask for none no wait', () => {
    const asked = halfOpen({ halfOpenPermits: 3 });
    const probes = [asked.probe(), asked.probe(), asked.probe()] as const;
    asked.report(probes[0], failed({ retryAfterMs: 8_000 }), 1_010);
    asked.report(probes[1], failed({ retryAfterMs: 20 }), 1_020);
    asked.report(probes[2], failed(), 1_030);
    expect(asked.circuit.phase).toMatchObject({ kind: 'open', until: 9_010, notBefore: 9_010 });
    const unasked = halfOpen({ halfOpenPermits: 1 });
    unasked.report(unasked.probe(), failed(), 1_010);
    expect(unasked.circuit.phase).toMatchObject({ kind: 'open', until: 3_010, notBefore: 0 });
  });

  it('opens when enough were slow, unless slow calls are not looked at', () => {
    const looked = halfOpen();
    const [first, second] = [looked.probe(), looked.probe()];
    looked.report(first, SUCCEEDED_SLOWLY, 1_000);
    looked.report(second, SUCCEEDED, 1_000);
    expect(looked.circuit.phase).toMatchObject({ kind: 'open', reason: 'probes-slow', until: 3_000 });
    const unlooked = halfOpen({ slowCallRate: false });
    const [third, fourth] = [unlooked.probe(), unlooked.probe()];
    unlooked.report(third, SUCCEEDED_SLOWLY, 1_000);
    unlooked.report(fourth, SUCCEEDED_SLOWLY, 1_000);
    expect(unlooked.circuit.phase.kind).toBe('closed');
    const fewer = halfOpen({ slowCallRate: 0.6 });
    const [fifth, sixth] = [fewer.probe(), fewer.probe()];
    fewer.report(fifth, SUCCEEDED_SLOWLY, 1_000);
    fewer.report(sixth, SUCCEEDED, 1_000);
    expect(fewer.circuit.phase.kind).toBe('closed');
  });

  it('gives an ignored permit back', () => {
    const { probe, report, admit, phase } = halfOpen();
    const [first] = [probe(), probe()];
    expect(admit(1_000)).toBeUndefined();
    expect(report(first, IGNORED, 1_000)).toBe(true);
    expect(phase()).toMatchObject({ reported: 0, failures: 0 });
    expect(phase().pending).toHaveLength(1);
    expect(admit(1_000)).toBeInstanceOf(Probe);
  });

  it('opens at once on a single outcome that says so', () => {
    const { probe, report, circuit } = halfOpen();
    report(probe(), failed({ opens: { forMs: 50 }, error: 'ban' }), 1_000);
    expect(circuit.phase).toMatchObject({ kind: 'open', until: 1_050, reason: 'single-outcome', error: 'ban' });
  });

  it('counts each permit once', () => {
    const { probe, report, phase } = halfOpen();
    const first = probe();
    report(first, SUCCEEDED, 1_000);
    expect(report(first, failed(), 1_000)).toBe(false);
    expect(report(0, failed(), 1_000)).toBe(false);
    expect(phase()).toMatchObject({ reported: 1, failures: 0 });
  });

  it('drops the report of a probe that comes after the decision, whatever that was', () => {
    const opened = halfOpen();
    const [banned, second] = [opened.probe(), opened.probe()];
    opened.report(banned, failed({ opens: { forMs: 50 } }), 1_000);
    expect(opened.report(second, SUCCEEDED, 1_010)).toBe(false);
    expect(opened.circuit.phase.kind).toBe('open');
    const reset = halfOpen();
    const probe = reset.probe();
    reset.machine.reset(reset.circuit, KEY, 1_000);
    expect(reset.report(probe, failed(), 1_010)).toBe(false);
    expect(reset.circuit).toMatchObject({ phase: { kind: 'closed' }, consecutiveFailures: 0 });
  });

  it('counts a probe that does not report as failed when it is due, the others when they are', () => {
    const { machine, circuit, probe, report, phase } = halfOpen({ halfOpenPermits: 3 });
    const hung = probe(1_000);
    const later = probe(1_200);
    machine.advance(circuit, KEY, 1_399);
    expect(phase().pending).toHaveLength(2);
    machine.advance(circuit, KEY, 1_400);
    expect(phase()).toMatchObject({ reported: 1, failures: 1, pending: [later] });
    expect(report(hung, SUCCEEDED, 1_400)).toBe(false);
    expect(report(later, SUCCEEDED, 1_400)).toBe(true);
  });

  it('decides as of the moment at which the last probe was due, however much later somebody asks', () => {
    const { machine, circuit, probe, transitions, admit } = halfOpen();
    probe(1_000);
    probe(1_100);
    expect(machine.refuses(circuit, KEY, 1_600)).toBe(true);
    expect(circuit.phase as Open).toMatchObject({ kind: 'open', since: 1_500, until: 3_500, reason: 'probes-failed' });
    expect(transitions()).toEqual(['btc 1000 open>half-open open-time-over', 'btc 1500 half-open>open probes-failed']);
    expect(admit(3_500)).toBeInstanceOf(Probe);
  });

  it('decides by fewer permits at once where new rules give fewer', () => {
    const { machine, circuit, probe, report, transitions } = halfOpen({ halfOpenPermits: 5 });
    report(probe(), SUCCEEDED, 1_000);
    machine.rules = rulesOf({ halfOpenPermits: 1 });
    machine.advance(circuit, KEY, 1_234);
    expect(circuit.phase.kind).toBe('closed');
    expect(transitions().at(-1)).toBe('btc 1234 half-open>closed probes-succeeded');
  });

  it('takes probes of an active probe only, one by one', () => {
    const { machine, circuit, admit } = circuitWith({ halfOpenPermits: 1, probe: () => undefined });
    machine.isolate(circuit, KEY, 0, 10);
    expect(machine.admitProbe(circuit, KEY, 10)).toBeInstanceOf(Probe);
    expect(machine.admitProbe(circuit, KEY, 10)).toBeUndefined();
    expect(admit(10)).toBeUndefined();
    machine.reset(circuit, KEY, 10);
    expect(machine.admitProbe(circuit, KEY, 10)).toBeUndefined();
  });
});

describe('a ramping circuit', () => {
  const ramping = (chance: number, options: CircuitBreakerOptions = {}) => {
    const hands = circuitWith({ halfOpenPermits: 1, rampMs: 1_000, rampFrom: 0.2, ...options }, chance);
    hands.opened();
    hands.call(SUCCEEDED, 1_000);
    const begun = hands.transitions().at(-1);
    return { ...hands, begun };
  };

  it('admits by chance, more and more', () => {
    const { admit, circuit } = ramping(0.6);
    expect(circuit.phase).toEqual({ kind: 'ramping', since: 1_000, openings: 1, notBefore: 0 });
    expect(admit(1_000)).toBeUndefined();
    expect(admit(1_499)).toBeUndefined();
    expect(admit(1_501)).toBe(circuit.generation);
  });

  it('begins when the probes succeeded', () => {
    expect(ramping(0).begun).toBe('btc 1000 half-open>ramping probes-succeeded');
  });

  it('does not admit at exactly its share', () => {
    expect(ramping(0.2).admit(1_000)).toBeUndefined();
    expect(ramping(0.19).admit(1_000)).toBeDefined();
  });

  it('refuses nobody for certain, and takes no chance to say so', () => {
    const { machine, circuit, drawn } = ramping(0.99);
    expect(machine.refuses(circuit, KEY, 1_000)).toBe(false);
    expect(drawn()).toBe(0);
  });

  it('tells refused callers when all are admitted, or the first open time', () => {
    const { machine, circuit } = ramping(0.99);
    expect(machine.retryAfterMs(circuit, 1_100)).toBe(900);
    expect(machine.retryAfterMs(circuit, 2_100)).toBe(0);
    const longer = ramping(0.99, { rampMs: 10_000 });
    expect(longer.machine.retryAfterMs(longer.circuit, 1_100)).toBe(1_000);
  });

  it('closes when its time is over, as of then, and drops what comes later', () => {
    const { admit, report, circuit, transitions } = ramping(0);
    const permit = admit(1_999)!;
    expect(report(permit, failed(), 2_000)).toBe(false);
    expect(circuit.phase.kind).toBe('closed');
    expect(transitions()).toEqual(['btc 2000 ramping>closed ramp-complete']);
  });

  it('opens again on a relapse, for longer and for what the failure asked', () => {
    const { call, circuit } = ramping(0, { consecutiveFailures: 2 });
    call(failed({ retryAfterMs: 100 }), 1_100);
    expect(circuit.phase).toEqual({ kind: 'ramping', since: 1_000, openings: 1, notBefore: 1_200 });
    call(failed(), 1_200);
    expect(circuit.phase).toMatchObject({ kind: 'open', openings: 2, until: 3_200 });
  });
});

describe('a circuit steered by hand', () => {
  it('refuses everything while it is forced open', () => {
    const { machine, circuit, admit, transitions } = circuitWith();
    machine.force(circuit, KEY, 5, 'forced-open');
    expect(circuit.phase).toEqual({ kind: 'forced-open', since: 5 });
    expect(admit(1e12)).toBeUndefined();
    expect(machine.refuses(circuit, KEY, 1e12)).toBe(true);
    expect(machine.retryAfterMs(circuit, 5)).toBeUndefined();
    machine.force(circuit, KEY, 9, 'forced-open');
    expect(circuit.phase).toEqual({ kind: 'forced-open', since: 5 });
    expect(transitions()).toEqual(['btc 5 closed>forced-open forced-open']);
  });

  it('passes everything while it is disabled', () => {
    const { machine, circuit, admit, transitions } = circuitWith();
    machine.force(circuit, KEY, 5, 'disabled');
    expect(admit(6)).toBe(UNRECORDED);
    expect(machine.refuses(circuit, KEY, 6)).toBe(false);
    expect(machine.retryAfterMs(circuit, 6)).toBe(0);
    expect(transitions()).toEqual(['btc 5 closed>disabled disabled']);
    machine.isolate(circuit, KEY, 7, 10);
    expect(circuit.phase).toMatchObject({ kind: 'open', openings: 1, until: 17, notBefore: 0 });
  });

  it('is closed with nothing recorded when it is reset', () => {
    const { machine, circuit, call, transitions } = circuitWith();
    call(failed());
    machine.reset(circuit, KEY, 3);
    expect(circuit).toMatchObject({ consecutiveFailures: 0, outcomes: undefined, generation: 1 });
    expect(transitions()).toEqual(['btc 3 closed>closed reset']);
  });
});
