import type { Alert } from '../core/alert.js';
import type { PolicySnapshot } from '../core/policy.js';
import { settlePromises } from '../testing/manual-clock.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { Alerts } from './alerts.js';
import type { AlertsOptions } from './alerts.options.js';
import type { AlertNotification, AlertSink } from './sink.js';

const MINUTE = 60_000;

/** A sink that keeps what it is told, and fails as long as it is told to. */
class Recorder implements AlertSink {
  readonly told: AlertNotification[] = [];
  attempts = 0;
  fails = false;
  readonly grouping = { waitMs: 0, intervalMs: 0 };

  constructor(
    readonly name = 'recorder',
    readonly severities?: AlertSink['severities'],
  ) {}

  async send(notification: AlertNotification): Promise<void> {
    this.attempts += 1;
    if (this.fails) throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
    this.told.push(notification);
  }

  get alerts(): Alert[] {
    return this.told.flatMap(({ alerts }) => [...alerts]);
  }
}

function world(options: AlertsOptions, values: Record<string, number> = {}) {
  const capabilities = testCapabilities();
  const level = { ...values };
  const inspect = (): PolicySnapshot[] =>
    Object.entries(level).map(([name, depth]) => ({ type: 'queue', name, depth }));
  const alerts = new Alerts({ builtin: false, ...options }, { capabilities, inspect });
  alerts.start();
  return { alerts, level, capabilities, clock: capabilities.clock, events: capabilities.events };
}

const DEEP = {
  name: 'QueueDeep',
  kind: 'threshold',
  source: { policyType: 'queue', value: 'depth' },
  above: 10,
  summary: 'Too much waits',
} as const;

describe('alerts', () => {
  it('fire for each series by itself, are shown, and end', async () => {
    const { alerts, level, clock, events } = world({ rules: [DEEP], sinks: [] }, { okx: 50, bybit: 5 });
    await clock.run(15_000);
    expect(alerts.active()).toEqual({
      version: 1,
      at: Date.UTC(2026, 0, 1) + 15_000,
      alerts: [
        {
          id: `QueueDeep{policy="okx"}@${Date.UTC(2026, 0, 1) + 15_000}`,
          fingerprint: 'QueueDeep{policy="okx"}',
          name: 'QueueDeep',
          state: 'firing',
          severity: 'warning',
          labels: { policy: 'okx' },
          policy: 'okx',
          summary: 'Too much waits: 50 > 10',
          value: 50,
          since: Date.UTC(2026, 0, 1) + 15_000,
          firedAt: Date.UTC(2026, 0, 1) + 15_000,
          escalation: 0,
        },
      ],
    });
    level['okx'] = 3;
    await clock.run(15_000);
    expect(alerts.active().alerts).toEqual([]);
    expect(events.of('alert.firing').map(({ policy, alert }) => [policy, alert.value])).toEqual([['okx', 50]]);
    expect(events.of('alert.resolved').map(({ alert }) => [alert.state, alert.value])).toEqual([['resolved', 3]]);
    expect(alerts.history().alerts.map(({ state }) => state)).toEqual(['resolved', 'firing']);
  });

  it('are pending for as long as the rule says', async () => {
    const { alerts, clock, events } = world({ rules: [{ ...DEEP, forMs: MINUTE }], sinks: [] }, { okx: 50 });
    await clock.run(MINUTE);
    expect(alerts.active().alerts.map(({ state }) => state)).toEqual(['pending']);
    await clock.run(15_000);
    expect(alerts.active().alerts.map(({ state }) => state)).toEqual(['firing']);
    expect(events.of('alert.firing')).toHaveLength(1);
  });

  it('are looked at soon after a transition', async () => {
    const { alerts, level, clock, capabilities } = world({ rules: [DEEP], sinks: [] }, { okx: 1 });
    level['okx'] = 50;
    const transition = { type: 'circuit-breaker.transition', policy: 'okx', at: 0, reason: 'failures' } as const;
    for (const to of ['open', 'half-open', 'open'] as const)
      capabilities.emit.emit({ ...transition, from: 'closed', to });
    await clock.run(250);
    expect(alerts.active().alerts).toHaveLength(1);
  });

  it('end when the series is gone', async () => {
    const { alerts, level, clock, events } = world({ rules: [DEEP], sinks: [] }, { okx: 50 });
    await clock.run(15_000);
    delete level['okx'];
    await clock.run(6 * MINUTE);
    expect(alerts.active().alerts).toEqual([]);
    expect(events.of('alert.resolved').map(({ alert }) => alert.summary)).toEqual(['Too much waits: no data']);
  });

  it('are grouped, told once, and repeated after repeatMs', async () => {
    const sink = new Recorder();
    const { level, clock } = world(
      { rules: [DEEP], sinks: [sink], grouping: { repeatMs: 10 * MINUTE } },
      { okx: 50, bybit: 60, gate: 1 },
    );
    await clock.run(5 * MINUTE);
    expect(sink.told.map(({ status, group, alerts }) => [status, group, alerts.map(({ policy }) => policy)])).toEqual([
      ['firing', { alertname: 'QueueDeep' }, ['okx', 'bybit']],
    ]);
    await clock.run(6 * MINUTE);
    expect(sink.told).toHaveLength(2);
    level['okx'] = 0;
    await clock.run(15_000);
    expect(sink.told.at(-1)).toMatchObject({
      status: 'firing',
      alerts: [
        { policy: 'okx', state: 'resolved' },
        { policy: 'bybit', state: 'firing' },
      ],
    });
    level['bybit'] = 0;
    await clock.run(15_000);
    expect(sink.told.at(-1)).toMatchObject({ status: 'resolved', alerts: [{ policy: 'bybit', state: 'resolved' }] });
  });

  it('wait for company, and for the interval between two notifications', async () => {
    const sink = Object.assign(new Recorder(), { grouping: { waitMs: 30_000, intervalMs: 2 * MINUTE } });
    const { level, clock } = world({ rules: [DEEP], sinks: [sink] }, { okx: 50, bybit: 1, gate: 1 });
    await clock.run(15_000);
    level['bybit'] = 60;
    await clock.run(30_000);
    expect(sink.told.map(({ alerts }) => alerts.length)).toEqual([2]);
    level['gate'] = 70;
    await clock.run(MINUTE);
    expect(sink.told).toHaveLength(1);
    await clock.run(MINUTE);
    expect(sink.told.map(({ alerts }) => alerts.length)).toEqual([2, 3]);
  });

  it('are kept from the sinks by a silence, not from the page', async () => {
    const sink = new Recorder();
    const { alerts, clock } = world({ rules: [DEEP], sinks: [sink] }, { okx: 50, bybit: 60 });
    const { id } = alerts.silence({ match: { policy: ['okx'] }, forMs: 10 * MINUTE, by: 'ann', reason: 'upgrade' });
    await clock.run(MINUTE);
    expect(sink.alerts.map(({ policy }) => policy)).toEqual(['bybit']);
    expect(alerts.active().alerts.map(({ policy, silencedBy }) => [policy, silencedBy])).toEqual([
      ['okx', id],
      ['bybit', undefined],
    ]);
    await clock.run(10 * MINUTE);
    expect(sink.alerts.map(({ policy }) => policy)).toContain('okx');
    expect(alerts.inspect().silences).toEqual([]);
  });

  it('tell the end of what was told, silence or not', async () => {
    const sink = new Recorder();
    const { alerts, level, clock } = world({ rules: [DEEP], sinks: [sink] }, { okx: 50 });
    await clock.run(15_000);
    alerts.silence({ match: { alertname: 'QueueDeep' }, forMs: 60 * MINUTE, by: 'ann', reason: 'known' });
    level['okx'] = 0;
    await clock.run(15_000);
    expect(sink.alerts.map(({ state }) => state)).toEqual(['firing', 'resolved']);
  });

  it.each([
    [{ match: {}, forMs: 1, by: 'ann', reason: '' }, 'match: must name at least one label and its value; got {}'],
    [
      { match: { policy: 'a' }, forMs: Infinity, by: 'ann', reason: '' },
      'forMs: must be positive and finite; got null',
    ],
  ])('refuse the silence %j', (request, message) => {
    const { alerts } = world({ rules: [DEEP] });
    expect(() => alerts.silence(request)).toThrow(message);
  });

  it('become more severe while nobody takes them in hand, and reach further sinks by that', async () => {
    const [all, pager] = [new Recorder('all'), new Recorder('pager', ['critical'])];
    const escalation = [{ afterMs: 5 * MINUTE, to: 'critical' as const }];
    const rule = { ...DEEP, severity: 'info' as const, escalation };
    const { alerts, clock, events } = world({ rules: [rule], sinks: [all, pager] }, { okx: 50, bybit: 60 });
    await clock.run(MINUTE);
    expect(alerts.acknowledge('QueueDeep{policy="bybit"}', 'ann')).toBe(true);
    expect(alerts.acknowledge('QueueDeep{policy="nobody"}', 'ann')).toBe(false);
    await clock.run(5 * MINUTE);
    expect(pager.alerts.map(({ policy, severity, escalation }) => [policy, severity, escalation])).toEqual([
      ['okx', 'critical', 1],
    ]);
    expect(all.alerts.filter(({ policy }) => policy === 'okx').map(({ severity }) => severity)).toEqual([
      'info',
      'critical',
    ]);
    expect(events.of('alert.firing').map(({ alert }) => [alert.policy, alert.severity])).toEqual([
      ['okx', 'info'],
      ['bybit', 'info'],
      ['okx', 'critical'],
    ]);
    expect(alerts.active().alerts.map(({ policy, acknowledgedBy }) => [policy, acknowledgedBy])).toEqual([
      ['okx', undefined],
      ['bybit', 'ann'],
    ]);
  });

  it('reach a sink that failed once it is back, as they are by then', async () => {
    const sink = new Recorder();
    sink.fails = true;
    const { alerts, level, clock } = world({ rules: [DEEP], sinks: [sink] }, { okx: 50 });
    await clock.run(MINUTE);
    expect(sink.told).toEqual([]);
    expect(sink.attempts).toBeGreaterThan(2);
    expect(alerts.inspect().sinks[0]).toMatchObject({ delivered: 0, lastError: expect.stringContaining('no') });
    level['bybit'] = 60;
    sink.fails = false;
    await clock.run(10 * MINUTE);
    expect(sink.told.at(-1)!.alerts.map(({ policy }) => policy)).toEqual(['okx', 'bybit']);
    expect(alerts.inspect().sinks[0]).toMatchObject({ lastError: null, circuit: 'closed' });
    const { attempts } = sink;
    await clock.run(10 * MINUTE);
    expect(sink.attempts).toBe(attempts);
  });

  it('stop asking a sink that keeps failing, and harm no other sink', async () => {
    const [broken, sound] = [new Recorder('broken'), new Recorder('sound')];
    broken.fails = true;
    const { alerts, clock } = world({ rules: [DEEP], sinks: [broken, sound] }, { okx: 50 });
    await clock.run(60 * MINUTE);
    expect(sound.told).toHaveLength(1);
    // 3 attempts each 15 s would be 720.
    expect(broken.attempts).toBeLessThan(60);
    expect(alerts.inspect().sinks[0]!.groups).toBe(1);
  });

  it('give a sink that never answers up after the time limit', async () => {
    const hanging: AlertSink = {
      name: 'hanging',
      grouping: { waitMs: 0 },
      send: (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    };
    const { alerts, clock } = world({ rules: [DEEP], sinks: [hanging], delivery: { timeLimitMs: 1_000 } }, { okx: 50 });
    await clock.run(10 * MINUTE);
    expect(alerts.inspect().sinks[0]).toMatchObject({ delivered: 0, underWay: 0 });
    expect(alerts.inspect().sinks[0]!.failed).toBeGreaterThan(1);
  });

  it('look at a thousand series of a rule and count the others', async () => {
    const many = Object.fromEntries(Array.from({ length: 1_200 }, (_, index) => [`p${index}`, 50]));
    const { alerts, clock } = world({ rules: [DEEP], sinks: [], historySize: 10 }, many);
    await clock.run(15_000);
    expect(alerts.inspect().rules[0]).toMatchObject({ series: 1_000, firing: 1_000, overflowed: 200 });
    expect(alerts.history().alerts).toHaveLength(10);
  });

  it('go on when a source throws', async () => {
    const broken = {
      ...DEEP,
      name: 'Broken',
      source: () => {
        throw new Error('not now');
      },
    };
    const { alerts, clock } = world({ rules: [broken, DEEP], sinks: [] }, { okx: 50 });
    await clock.run(15_000);
    expect(alerts.inspect().rules.map(({ name, lastError, firing }) => [name, lastError, firing])).toEqual([
      ['Broken', 'Error: not now', 0],
      ['QueueDeep', null, 1],
    ]);
  });

  it('take new options and keep what stays the same', async () => {
    const { alerts, clock, events } = world({ rules: [DEEP], sinks: [] }, { okx: 50 });
    await clock.run(15_000);
    const further = { ...DEEP, name: 'Further', above: 40 };
    alerts.reconfigure({ builtin: false, rules: [DEEP, further], sinks: [] });
    await clock.run(15_000);
    expect(events.of('alert.firing').map(({ alert }) => alert.name)).toEqual(['QueueDeep', 'Further']);
    expect(events.of('alert.resolved')).toEqual([]);
    alerts.reconfigure({ builtin: false, rules: [further], sinks: [] });
    expect(events.of('alert.resolved').map(({ alert }) => alert.name)).toEqual(['QueueDeep']);
    expect(() => alerts.reconfigure({ rules: [{ ...DEEP, above: 'high' as never }] })).toThrow('alerts.rules.0.above');
    expect(alerts.inspect().rules.map(({ name }) => name)).toEqual(['Further']);
  });

  it('do nothing at all without rules, and after the end', async () => {
    const { clock } = world({ sinks: [] });
    expect(clock.pending).toBe(0);
    const other = world({ rules: [DEEP], sinks: [] }, { okx: 50 });
    other.alerts.close();
    await settlePromises();
    expect(other.clock.pending).toBe(0);
  });
});
