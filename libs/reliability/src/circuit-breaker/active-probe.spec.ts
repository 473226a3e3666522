import { Failure, Success } from '../core/outcome.js';
import { parseOptions } from '../core/options.js';
import { Refusal } from '../core/refusal.js';
import { type Use } from '../core/use.js';
import { settlePromises } from '../testing/manual-clock.js';
import { testCall } from '../testing/test-call.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { type CircuitBreakerOptions, circuitBreakerOptions, type ProbeContext } from './circuit-breaker.options.js';

/** An open breaker whose probes the test answers. */
function openBreakerWith(options: CircuitBreakerOptions = {}, use: Use = { site: 'A.b' }) {
  const capabilities = testCapabilities();
  const { clock } = capabilities;
  const call = testCall();
  const asked: (ProbeContext & { readonly at: number })[] = [];
  const answers: { resolve: (value: unknown) => void; reject: (error: unknown) => void }[] = [];
  const probe = (context: ProbeContext) => {
    asked.push({ ...context, at: clock.now() });
    return new Promise((resolve, reject) => {
      answers.push({ resolve, reject });
    });
  };
  const breaker = new CircuitBreaker(
    'okx',
    parseOptions(
      circuitBreakerOptions,
      { consecutiveFailures: 1, openForJitter: 0, openForMs: 1_000, halfOpenPermits: 2, probe, ...options },
      '',
    ),
    capabilities,
  );
  const admit = () => breaker.admit(call, clock.now(), use);
  const fail = () => breaker.settle(admit(), new Failure('down', 1), call, clock.now());
  fail();
  const answer = async (index: number, give: 'resolve' | 'reject') => {
    answers[index]![give]('answer');
    await settlePromises();
  };
  const state = () => breaker.inspect(clock.now()).state;
  return { breaker, clock, asked, answer, admit, fail, state };
}

describe('an active probe', () => {
  it('finds out by itself, one probe after the other, while every call is refused', async () => {
    const { clock, asked, answer, admit, state } = openBreakerWith();
    await clock.run(999);
    expect(asked).toEqual([]);
    await clock.run(1);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ key: undefined, at: 1_000 });
    expect(state()).toBe('half-open');
    expect(admit()).toBeInstanceOf(Refusal);
    await answer(0, 'resolve');
    expect(asked).toHaveLength(2);
    expect(admit()).toBeInstanceOf(Refusal);
    await answer(1, 'resolve');
    expect(asked).toHaveLength(2);
    expect(state()).toBe('closed');
    expect(clock.pending).toBe(0);
  });

  it('opens again, for longer, when the probes fail, and tries again then', async () => {
    const { clock, asked, answer, state } = openBreakerWith();
    await clock.run(1_000);
    await answer(0, 'reject');
    await answer(1, 'reject');
    expect(state()).toBe('open');
    await clock.run(1_999);
    expect(asked).toHaveLength(2);
    await clock.run(1);
    expect(asked).toHaveLength(3);
  });

  it('takes a probe that throws at once for a failed one', async () => {
    const { clock, state } = openBreakerWith({
      halfOpenPermits: 1,
      probe: () => {
        throw new Error('no');
      },
    });
    await clock.run(1_000);
    expect(state()).toBe('open');
  });

  it('aborts a probe that hangs and counts it as failed', async () => {
    const { clock, asked, state, answer } = openBreakerWith({ halfOpenPermits: 1, halfOpenMaxWaitMs: 500 });
    await clock.run(1_000);
    expect(asked[0]!.signal.aborted).toBe(false);
    await clock.run(499);
    expect(state()).toBe('half-open');
    await clock.run(1);
    expect(asked[0]!.signal.aborted).toBe(true);
    expect(asked[0]!.signal.reason).toEqual(new Error('No answer to the probe within 500 ms'));
    expect(state()).toBe('open');
    await answer(0, 'resolve');
    expect(state()).toBe('open');
    await clock.run(2_000);
    expect(asked).toHaveLength(2);
    await answer(1, 'resolve');
    expect(state()).toBe('closed');
    expect(clock.pending).toBe(0);
  });

  it('takes a slow probe for a slow one', async () => {
    const { clock, answer, state } = openBreakerWith({ halfOpenPermits: 1, slowCallMs: 100 });
    await clock.run(1_000);
    await clock.run(101);
    await answer(0, 'resolve');
    expect(state()).toBe('open');
  });

  it.each(['resolve', 'reject'] as const)('goes by what a probe took, not by when it was made: %s', async (how) => {
    const { clock, answer, state } = openBreakerWith({
      halfOpenPermits: 1,
      slowCallMs: 100,
      recordError: (error) => error === 'down',
    });
    await clock.run(1_000);
    await clock.run(100);
    await answer(0, how);
    expect(state()).toBe('closed');
  });

  it('has the results of probes judged like others', async () => {
    const { clock, answer, state } = openBreakerWith({ halfOpenPermits: 1, recordResult: () => true });
    await clock.run(1_000);
    await answer(0, 'resolve');
    expect(state()).toBe('open');
  });

  it('probes each key for itself', async () => {
    const { clock, asked, answer, breaker } = openBreakerWith(
      { halfOpenPermits: 1 },
      { site: 'A.b', key: () => 'btc' },
    );
    await clock.run(1_000);
    expect(asked[0]!.key).toBe('btc');
    await answer(0, 'resolve');
    expect(breaker.inspectKey('btc', clock.now())!.state).toBe('closed');
  });

  it('stops when the breaker is reset, closed again or shut down', async () => {
    const reset = openBreakerWith();
    reset.breaker.reset();
    await reset.clock.run(60_000);
    expect(reset.asked).toHaveLength(0);

    const closed = openBreakerWith();
    closed.breaker.close();
    expect(closed.clock.pending).toBe(0);
    closed.breaker.isolate(10);
    expect(closed.clock.pending).toBe(0);

    const during = openBreakerWith();
    await during.clock.run(1_000);
    during.breaker.close();
    await during.answer(0, 'resolve');
    expect(during.asked).toHaveLength(1);
  });

  it('plans nothing more for a circuit that was reset while its probe was out', async () => {
    const { breaker, clock, asked, answer } = openBreakerWith();
    await clock.run(1_000);
    breaker.reset();
    await answer(0, 'resolve');
    expect(clock.pending).toBe(0);
    expect(asked).toHaveLength(1);
  });

  it('begins anew when it is isolated for another time', async () => {
    const { breaker, clock, asked } = openBreakerWith();
    breaker.isolate(5_000);
    expect(clock.pending).toBe(1);
    await clock.run(4_999);
    expect(asked).toHaveLength(0);
    await clock.run(1);
    expect(asked).toHaveLength(1);
  });

  it('pauses for as long as a probe may take after one that said nothing', async () => {
    let asked = 0;
    const { clock, state } = openBreakerWith({
      halfOpenPermits: 1,
      halfOpenMaxWaitMs: 500,
      probe: () => {
        asked += 1;
        return asked < 3 ? 'nothing' : 'well';
      },
      ignoreResult: (result) => result === 'nothing',
    });
    await clock.run(1_000);
    expect(asked).toBe(1);
    expect(state()).toBe('half-open');
    await clock.run(499);
    expect(asked).toBe(1);
    await clock.run(1);
    expect(asked).toBe(2);
    await clock.run(500);
    expect(asked).toBe(3);
    expect(state()).toBe('closed');
    expect(clock.pending).toBe(0);
  });

  describe('that comes with new options', () => {
    const optionsWith = (probe: CircuitBreakerOptions['probe']) =>
      parseOptions(
        circuitBreakerOptions,
        { consecutiveFailures: 1, openForJitter: 0, openForMs: 1_000, halfOpenPermits: 2, probe },
        '',
      );

    it.each([
      ['the breaker', undefined],
      ['a key', 'btc'],
    ])('probes what is open already when its time is over: %s', async (_name, key) => {
      const { breaker, clock, state } = openBreakerWith(
        { probe: undefined },
        { site: 'A.b', ...(key !== undefined && { key: () => key }) },
      );
      await clock.run(400);
      const probe = jest.fn();
      breaker.reconfigure(optionsWith(probe));
      await clock.run(599);
      expect(probe).not.toHaveBeenCalled();
      await clock.run(1);
      expect(probe).toHaveBeenCalledTimes(2);
      expect(key === undefined ? state() : breaker.inspectKey(key, clock.now())!.state).toBe('closed');
    });

    it('takes over from ordinary calls what is half-open', async () => {
      const { breaker, clock, admit, state } = openBreakerWith({ probe: undefined });
      await clock.run(1_000);
      const permit = admit();
      expect(state()).toBe('half-open');
      const probe = jest.fn();
      breaker.reconfigure(optionsWith(probe));
      await clock.run(0);
      expect(probe).toHaveBeenCalledTimes(1);
      breaker.settle(permit, new Success('well', 1), testCall(), clock.now());
      expect(state()).toBe('closed');
    });

    it('replaces the one before, and its absence leaves probing to ordinary calls', async () => {
      const { breaker, clock, asked, admit, state } = openBreakerWith();
      const probe = jest.fn();
      breaker.reconfigure(optionsWith(probe));
      expect(clock.pending).toBe(1);
      breaker.reconfigure(optionsWith(undefined));
      expect(clock.pending).toBe(0);
      await clock.run(1_000);
      expect(state()).toBe('open');
      expect(admit()).not.toBeInstanceOf(Refusal);
      expect(asked).toEqual([]);
      expect(probe).not.toHaveBeenCalled();
    });
  });
});
