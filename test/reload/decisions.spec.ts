import {
  type CircuitBreakerHandle,
  type Decision,
  DecisionMaker,
  type DecisionRule,
  LiveConfiguration,
  MemoryAuditTrail,
  type PolicyOptions,
  PolicyRegistry,
  ReliabilityControl,
  ReliabilityManager,
  ReliabilityModule,
} from '@marketprism/reliability';
import { ReliabilityTesting } from '@marketprism/reliability/testing';
import { Test } from '@nestjs/testing';

jest.setTimeout(60_000);

const BY = { who: 'alice', via: 'test' };

async function managed(okx: PolicyOptions, decisions: ConstructorParameters<typeof DecisionMaker>[1]) {
  const reliability = new ReliabilityTesting();
  const { clock, random, emit } = reliability.capabilities;
  const auditTrail = new MemoryAuditTrail();
  const module = await Test.createTestingModule({
    imports: [
      ReliabilityModule.forRoot({
        policies: { okx },
        drainMs: 0,
        decisions,
        auditTrail,
        capabilities: { clock, random, emit },
      }),
    ],
  }).compile();
  module.useLogger(false);
  await module.init();
  const live = module.get(LiveConfiguration);
  return {
    clock,
    events: () =>
      reliability.events.of('decision').map(({ rule, change, setting, from, to }) => [rule, change, setting, from, to]),
    explanations: () => reliability.events.of('decision').map(({ explanation }) => explanation),
    manager: module.get(ReliabilityManager),
    registry: module.get(PolicyRegistry),
    control: module.get(ReliabilityControl),
    live,
    options: () => live.effective.policies?.['okx'],
    auditTrail,
    close: () => module.close(),
  };
}

/** A circuit that opens and recovers, `times` over. */
async function flap({ manager, clock }: Awaited<ReturnType<typeof managed>>, times: number): Promise<void> {
  const breaker = manager.policy('circuit-breaker', 'okx') as CircuitBreakerHandle;
  for (let time = 0; time < times; time += 1) {
    breaker.isolate(10);
    await clock.run(20);
    breaker.reset();
  }
}

describe('decisions', () => {
  let app: Awaited<ReturnType<typeof managed>>;
  afterEach(() => app.close());

  it('are not made unless asked for', async () => {
    app = await managed({ circuitBreaker: { openForMs: 1_000 } }, undefined);
    await flap(app, 5);
    await app.clock.run(120_000);
    expect(app.events()).toEqual([]);
    expect(app.manager.snapshot().decisions.map(({ rule, mode }) => [rule, mode])).toEqual([
      ['shed-low-priority', 'off'],
      ['lengthen-open-time', 'off'],
      ['raise-hedging-delay', 'off'],
      ['suggest-settings', 'off'],
    ]);
  });

  it('that refuse calls are suggested once, with the reason, and change nothing', async () => {
    app = await managed({ circuitBreaker: { openForMs: 1_000 } }, {});
    await app.clock.run(11_000);
    await flap(app, 3);
    await app.clock.run(40_000);
    expect(app.events()).toEqual([
      ['lengthen-open-time', 'suggested', 'policies.okx.circuitBreaker.openForMs', 1_000, 2_000],
    ]);
    expect(app.explanations()[0]).toBe('the circuit opened 3 times within 10 s: it stays open for 2 s instead of 1 s');
    expect(app.options()?.circuitBreaker?.openForMs).toBe(1_000);
    expect(app.live.version).toBe(1);
    expect(app.manager.snapshot().decisions[1]).toMatchObject({
      rule: 'lengthen-open-time',
      mode: 'suggest',
      standing: [{ setting: 'policies.okx.circuitBreaker.openForMs', applied: false }],
    });
  });

  it('are carried out through the control when switched on, step by step, and taken back when it is calm', async () => {
    app = await managed({ circuitBreaker: { openForMs: 1_000 } }, { calmMs: 120_000 });
    await app.control.perform({ kind: 'decision', rule: 'lengthen-open-time', enabled: true, reason: 'it flaps' }, BY);
    await app.clock.run(11_000);
    await flap(app, 3);
    await app.clock.run(10_000);
    expect(app.options()?.circuitBreaker?.openForMs).toBe(2_000);
    await app.clock.run(60_000);
    await flap(app, 3);
    await app.clock.run(10_000);
    expect(app.options()?.circuitBreaker?.openForMs).toBe(4_000);
    await app.clock.run(300_000);
    expect(app.options()?.circuitBreaker?.openForMs).toBe(1_000);
    expect(app.events()).toEqual([
      ['lengthen-open-time', 'applied', 'policies.okx.circuitBreaker.openForMs', 1_000, 2_000],
      ['lengthen-open-time', 'applied', 'policies.okx.circuitBreaker.openForMs', 2_000, 4_000],
      ['lengthen-open-time', 'reverted', 'policies.okx.circuitBreaker.openForMs', 4_000, 1_000],
    ]);
    const audit = await app.auditTrail.list();
    expect(audit.map(({ who, action, outcome }) => [who, action, outcome])).toEqual([
      ['manager', 'change', 'done'],
      ['manager', 'change', 'done'],
      ['manager', 'change', 'done'],
      ['alice', 'decision', 'done'],
    ]);
    expect(app.live.view().overrides).toEqual([]);
  });

  it('never stand above what a person sets', async () => {
    app = await managed(
      { circuitBreaker: { openForMs: 1_000 } },
      { rules: { 'lengthen-open-time': 'apply' }, calmMs: 120_000 },
    );
    await app.clock.run(11_000);
    await flap(app, 3);
    await app.clock.run(10_000);
    expect(app.options()?.circuitBreaker?.openForMs).toBe(2_000);
    const change = { kind: 'change', policies: { okx: { circuitBreaker: { openForMs: 3_000 } } }, reason: 'mine' };
    await app.control.perform(change, BY);
    expect(app.options()?.circuitBreaker?.openForMs).toBe(3_000);
    await app.clock.run(600_000);
    expect(app.options()?.circuitBreaker?.openForMs).toBe(3_000);
  });

  it('are taken back when their rule is switched off', async () => {
    app = await managed({ circuitBreaker: {} }, { rules: { 'lengthen-open-time': 'apply' } });
    await app.clock.run(11_000);
    await flap(app, 3);
    await app.clock.run(10_000);
    expect(app.options()?.circuitBreaker?.openForMs).toBe(60_000);
    await app.control.perform({ kind: 'decision', rule: 'lengthen-open-time', enabled: false, reason: 'no' }, BY);
    expect(app.options()?.circuitBreaker).toEqual({});
    await flap(app, 3);
    await app.clock.run(60_000);
    expect(app.options()?.circuitBreaker).toEqual({});
  });

  it('raise the delay of hedges that hardly win, unasked, since no call is refused by it', async () => {
    app = await managed(
      { hedge: { delayMs: 10, maxExtraLoad: 1, overloadShare: 1 }, retry: { attempts: 1, budget: false } },
      {},
    );
    await app.clock.run(11_000);
    for (let call = 0; call < 30; call += 1) {
      const answered = app.manager.executeWithProtection('okx', async ({ attempt }) => {
        await new Promise<void>((resolve) => app.clock.schedule(attempt === 1 ? 20 : 50, resolve));
      });
      await app.clock.run(60);
      await answered;
    }
    await app.clock.run(20_000);
    expect(app.events()).toEqual([['raise-hedging-delay', 'applied', 'policies.okx.hedge.delayMs', 10, 20]]);
  });

  it('shed low priority while a bulkhead is full', async () => {
    app = await managed({ bulkhead: { maxConcurrent: 1, maxQueued: 0 } }, { rules: { 'shed-low-priority': 'apply' } });
    const finish: (() => void)[] = [];
    const call = (priority: 'low' | 'normal') =>
      app.manager
        .executeWithProtection('okx', () => new Promise<void>((resolve) => finish.push(resolve)), { priority })
        .catch(({ code, reason }: { code: string; reason: string }) => `${code} ${reason}`);
    const held = call('normal');
    await app.clock.run(11_000);
    for (let more = 0; more < 20; more += 1) await call('normal');
    await app.clock.run(10_000);
    expect(app.options()?.bulkhead?.leastUrgent).toBe('normal');
    finish[0]!();
    await held;
    expect(await call('low')).toBe('BULKHEAD_FULL overloaded');
    const urgent = call('normal');
    await app.clock.run(1);
    finish[1]!();
    await expect(urgent).resolves.toBeUndefined();
  });

  it('of a rule of one’s own are followed, and one that throws harms nobody', async () => {
    const decision: Decision = { policy: 'okx', option: ['retry', 'attempts'], from: 3, to: 2, explanation: 'fewer' };
    const own: DecisionRule = { name: 'own', description: '', defaultMode: 'apply', decide: () => [decision] };
    const broken: DecisionRule = {
      name: 'broken',
      description: '',
      defaultMode: 'apply',
      decide: () => {
        throw new Error('password=hunter2');
      },
    };
    const impossible: DecisionRule = {
      name: 'impossible',
      description: '',
      defaultMode: 'apply',
      decide: () => [{ ...decision, to: -1, explanation: 'none' }],
    };
    app = await managed({ retry: { attempts: 3 } }, { ownRules: [broken, impossible, own] });
    await app.clock.run(21_000);
    expect(app.options()?.retry?.attempts).toBe(2);
    expect(app.events().map(([rule, change]) => `${String(rule)} ${String(change)}`)).toEqual(
      expect.arrayContaining(['broken failed', 'impossible failed', 'own applied']),
    );
    expect(JSON.stringify(app.explanations())).not.toContain('hunter2');
  });

  it('that are advice cannot be applied', async () => {
    app = await managed({ retry: {} }, {});
    const action = { kind: 'decision', rule: 'suggest-settings', enabled: true, reason: 'x' };
    await expect(app.control.perform(action, BY)).rejects.toMatchObject({ kind: 'invalid' });
    await app.control.perform({ ...action, mode: 'suggest' }, BY);
  });
});
