import { Call } from '../core/call.js';
import { EventBus } from '../core/event-bus.js';
import { parseOptions } from '../core/options.js';
import type { Use } from '../core/use.js';
import { endingOf } from '../testing/pending-work.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { Chaos, chaosPolicy } from './chaos.js';
import { chaosOptions, type ChaosOptions } from './chaos.options.js';

function chaosWith(
  options: Partial<ChaosOptions>,
  environment: string | undefined = 'test',
  use: Use = { site: 'A.b' },
) {
  const capabilities = testCapabilities();
  const parse = (given: Partial<ChaosOptions>) =>
    parseOptions(chaosOptions, { enabled: true, injections: [{ kind: 'fault', rate: 1 }], ...given }, '');
  const chaos = new Chaos('okx', parse(options), capabilities, environment);
  const newCall = () => new Call('A.b', () => undefined, undefined, []);
  const made: Call[] = [];
  const run = (call = newCall(), answer: unknown = 'real') =>
    chaos.intercept(
      call,
      (given) => {
        made.push(given);
        return answer;
      },
      use,
    );
  return { ...capabilities, chaos, run, made, newCall, parse };
}

describe('Chaos', () => {
  it('lets every call pass while it is off, and is off unless switched on', () => {
    const { run, chaos, made } = chaosWith({ enabled: false });
    expect(run()).toBe('real');
    expect(chaos.on).toBe(false);
    expect(made).toHaveLength(1);
    expect(chaosWith({ enabled: undefined }).chaos.on).toBe(false);
  });

  it('makes a call fail without making it', () => {
    const { run, made, events, chaos, clock } = chaosWith({});
    expect(() => run()).toThrow('Chaos "okx" made A.b fail (server)');
    expect(made).toEqual([]);
    expect(events.of('chaos.injected')).toEqual([
      { type: 'chaos.injected', policy: 'okx', at: 0, call: 'A.b', fault: 'fault' },
    ]);
    expect(chaos.inspect(clock.now())).toEqual({
      type: 'chaos',
      name: 'okx',
      on: true,
      endsInMs: null,
      forbidden: null,
      injected: { fault: 1, latency: 0, result: 0, behaviour: 0 },
    });
  });

  it('fails with an error of the user, made of the call', () => {
    const { run } = chaosWith({
      injections: [{ kind: 'fault', rate: 1, error: (call) => new Error(`no ${call.name}`) }],
    });
    expect(() => run()).toThrow('no A.b');
  });

  it('answers in place of the call', () => {
    const given = { rows: [] };
    const { run, made } = chaosWith({ injections: [{ kind: 'result', rate: 1, value: given }] });
    expect(run()).toBe(given);
    expect(made).toEqual([]);
    expect(chaosWith({ injections: [{ kind: 'result', rate: 1, make: (call) => call.name }] }).run()).toBe('A.b');
  });

  it('delays a call, by chance a little more', async () => {
    const { run, clock, made, random } = chaosWith({
      injections: [{ kind: 'latency', rate: 1, latencyMs: 100, jitterMs: 50 }],
    });
    random.next = () => 0.5;
    const pending = run();
    await clock.run(124);
    expect(made).toEqual([]);
    await clock.run(1);
    expect(made).toHaveLength(1);
    expect(await endingOf(pending)).toEqual({ value: 'real' });
    expect(clock.pending).toBe(0);
  });

  it('draws no chance for a delay without jitter', async () => {
    const { run, clock, random } = chaosWith({ injections: [{ kind: 'latency', rate: 1, latencyMs: 100 }] });
    let drawn = 0;
    random.next = () => (drawn++, 0);
    const pending = run() as Promise<unknown>;
    await clock.run(100);
    await expect(pending).resolves.toBe('real');
    expect(drawn).toBe(1);
  });

  it('ends the delay when the call is aborted, and makes no call', async () => {
    const { run, clock, made, newCall } = chaosWith({ injections: [{ kind: 'latency', rate: 1, latencyMs: 100 }] });
    const call = newCall();
    const pending = run(call) as Promise<unknown>;
    call.abort('gave up');
    await expect(pending).rejects.toBe('gave up');
    expect(clock.pending).toBe(0);
    expect(made).toEqual([]);
    const aborted = newCall();
    aborted.abort('before');
    expect(() => run(aborted)).toThrow('before');
    expect(clock.pending).toBe(0);
  });

  it('lets something happen before the call, and waits for it', async () => {
    const happened: string[] = [];
    const { run } = chaosWith({
      injections: [
        { kind: 'behaviour', rate: 1, run: (call) => happened.push(`at once ${call.name}`) },
        { kind: 'behaviour', rate: 1, run: async () => happened.push('later') },
        { kind: 'behaviour', rate: 1, run: () => happened.push('last') },
      ],
    });
    await expect(run()).resolves.toBe('real');
    expect(happened).toEqual(['at once A.b', 'later', 'last']);
  });

  it('stays synchronous where nothing has to be waited for', () => {
    const { run } = chaosWith({ injections: [{ kind: 'behaviour', rate: 1, run: () => 1 }] });
    expect(run()).toBe('real');
  });

  it('fails after a delay where both befall a call', async () => {
    const { run, clock, chaos } = chaosWith({
      injections: [
        { kind: 'latency', rate: 1, latencyMs: 10 },
        { kind: 'fault', rate: 1, errorClass: 'timeout' },
      ],
    });
    const pending = run();
    await clock.run(10);
    expect(await endingOf(pending)).toMatchObject({ error: { errorClass: 'timeout' } });
    expect(chaos.inspect(0).injected).toEqual({ fault: 1, latency: 1, result: 0, behaviour: 0 });
  });

  it('goes by the key of the use', () => {
    let key = 'btc';
    const { run } = chaosWith({ injections: [{ kind: 'fault', rate: 1, keys: ['btc'] }] }, 'test', {
      site: 'A.b',
      key: () => key,
    });
    expect(() => run()).toThrow('Chaos');
    key = 'eth';
    expect(run()).toBe('real');
  });

  it('switches itself off when its time is over', () => {
    const { run, clock, chaos, events } = chaosWith({ forMs: 1_000 });
    clock.advance(999);
    expect(() => run()).toThrow('Chaos');
    expect(chaos.inspect(clock.now())).toMatchObject({ on: true, endsInMs: 1 });
    clock.advance(1);
    expect(chaos.on).toBe(false);
    expect(chaos.inspect(clock.now())).toMatchObject({ on: false, endsInMs: null });
    expect(run()).toBe('real');
    expect(events.of('chaos.switched').map(({ at, on }) => [at, on])).toEqual([
      [0, true],
      [1_000, false],
    ]);
  });

  it('is switched at run time, its time boxes beginning anew', () => {
    const { run, clock, chaos, events } = chaosWith({
      enabled: false,
      injections: [{ kind: 'fault', rate: 1, afterMs: 10 }],
    });
    clock.advance(500);
    chaos.enable({ forMs: 100 });
    expect(run()).toBe('real');
    clock.advance(10);
    expect(() => run()).toThrow('Chaos');
    expect(chaos.inspect(clock.now()).endsInMs).toBe(90);
    chaos.enable();
    expect(run()).toBe('real');
    expect(chaos.inspect(clock.now()).endsInMs).toBeNull();
    chaos.disable();
    chaos.disable();
    clock.advance(10);
    expect(run()).toBe('real');
    expect(events.of('chaos.switched').map(({ at, on }) => [at, on])).toEqual([
      [500, true],
      [510, false],
    ]);
  });

  it('stays off in production though it is configured to be on, and cannot be switched on there', () => {
    const { run, chaos } = chaosWith({ environments: ['test', 'production'] }, 'production');
    expect(run()).toBe('real');
    expect(() => chaos.enable()).toThrow(
      'Chaos "okx" cannot be switched on: NODE_ENV is "production" and allowInProduction is not set',
    );
    expect(chaos.inspect(0)).toMatchObject({
      on: false,
      forbidden: 'NODE_ENV is "production" and allowInProduction is not set',
    });
    expect(chaosWith({ allowInProduction: true }, 'production').chaos.on).toBe(true);
  });

  it('looks at NODE_ENV by itself', () => {
    const before = process.env['NODE_ENV'];
    try {
      process.env['NODE_ENV'] = 'live';
      const { parse, ...capabilities } = chaosWith({});
      expect(new Chaos('okx', parse({}), capabilities).on).toBe(false);
      process.env['NODE_ENV'] = 'development';
      expect(new Chaos('okx', parse({}), capabilities).on).toBe(true);
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it('takes new options: others befall at once, on and off as they say, off where forbidden', () => {
    const { run, chaos, parse } = chaosWith({});
    chaos.reconfigure(parse({ injections: [{ kind: 'result', rate: 1, value: 'new' }] }));
    expect(run()).toBe('new');
    chaos.reconfigure(parse({ enabled: false }));
    expect(chaos.on).toBe(false);
    chaos.enable();
    chaos.reconfigure(parse({ enabled: false }));
    expect(chaos.on).toBe(true);
    chaos.reconfigure(parse({ enabled: true }));
    expect(chaos.on).toBe(true);
    chaos.reconfigure(parse({ environments: ['development'] }));
    expect(chaos.on).toBe(false);
    chaos.reconfigure(parse({ enabled: false }));
    chaos.reconfigure(parse({}));
    expect(chaos.on).toBe(true);
  });

  it('builds no event that nobody listens to', () => {
    const { parse, events, ...capabilities } = chaosWith({});
    const chaos = new Chaos('okx', parse({}), { ...capabilities, emit: new EventBus() }, 'test');
    expect(() => chaos.intercept(capabilities.newCall(), () => 1, { site: 'A.b' })).toThrow('Chaos');
    expect(events.of('chaos.injected')).toEqual([]);
  });

  it('has its place innermost in the chain', () => {
    expect(chaosPolicy).toMatchObject({ type: 'chaos', optionKey: 'chaos', slot: 'chaos' });
  });
});
