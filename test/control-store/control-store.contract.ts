import type { AuditEntry, ConfigurationVersion } from '@marketprism/reliability';
import type { Alert, AlertNotification } from '@marketprism/reliability/alerting';
import { type ControlStore, type ControlStoreOptions, openControlStore } from '@marketprism/control-store';

const version = (number: number, extra: Partial<ConfigurationVersion> = {}): ConfigurationVersion => ({
  version: number,
  at: 1_790_000_000_123 + number,
  who: 'ann',
  why: 'a 🐢 “slow” venue; DROP TABLE --',
  source: 'admin',
  config: { policies: { okx: { retry: { attempts: number } } } },
  ...extra,
});

const entry = (number: number, extra: Partial<AuditEntry> = {}): AuditEntry => ({
  at: 1_790_000_000_000 + number,
  who: 'token',
  via: 'admin 127.0.0.1',
  action: 'force',
  target: 'circuit-breaker "okx"',
  reason: `number ${number}`,
  outcome: 'done',
  ...extra,
});

const alert = (id: string, extra: Partial<Alert> = {}): Alert => ({
  id,
  fingerprint: 'f',
  name: 'CircuitOpen',
  state: 'firing',
  severity: 'critical',
  labels: { policy: 'okx' },
  policy: 'okx',
  summary: 'the circuit is open',
  value: 0.5,
  since: 1_790_000_000_000,
  firedAt: 1_790_000_000_500,
  escalation: 0,
  runbook: 'https://runbooks.example/circuit-open',
  ...extra,
});

const told = (...alerts: Alert[]): AlertNotification => ({
  version: 1,
  id: 'n',
  status: 'firing',
  group: {},
  alerts,
  omitted: 0,
  at: 1_790_000_001_000,
});

/** What every control store does, wherever its tables are. Each test takes names of instances of its own. */
export function behavesAsControlStore(url: () => string): void {
  const open: ControlStore[] = [];
  const store = async (instance: string, options: ControlStoreOptions = {}) => {
    const opened = await openControlStore({ url: url(), instance, timeoutMs: 60_000, ...options });
    open.push(opened);
    return opened;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((opened) => opened.close()));
  });

  it('gives versions of a configuration back as they were, the latest first, also after a restart', async () => {
    const { history } = await store('versions');
    for (const number of [1, 2, 3]) await history.append(version(number));
    const restarted = (await store('versions')).history;
    expect(await restarted.list()).toEqual([version(3), version(2), version(1)]);
    expect(await restarted.list({ limit: 1, before: 3 })).toEqual([version(2)]);
    expect(await restarted.get(2)).toEqual(version(2));
    expect(await restarted.get(4)).toBeUndefined();
  });

  it('keeps instances apart, and says when two have one name', async () => {
    const { history } = await store('one');
    const other = (await store('another')).history;
    await history.append(version(1));
    expect(await other.list()).toEqual([]);
    const twin = (await store('one')).history;
    await expect(twin.append(version(1, { who: 'bob' }))).rejects.toMatchObject({
      name: 'ControlStoreError',
      code: 'CONFLICT',
      message: expect.stringContaining('"one"'),
    });
    expect(await history.get(1)).toEqual(version(1));
  });

  it('gives the audit trail back as it was, the latest first, and of one moment the last one first', async () => {
    const { auditTrail } = await store('audit');
    const full = entry(2, { before: { state: 'closed' }, after: null, outcome: 'refused', problem: 'read-only' });
    await auditTrail.append(entry(1));
    await auditTrail.append(full);
    await auditTrail.append(entry(2, { reason: 'at the same moment' }));
    const entries = await auditTrail.list();
    expect(entries).toEqual([entry(2, { reason: 'at the same moment' }), full, entry(1)]);
    expect(await auditTrail.list({ limit: 1, before: entry(2).at })).toEqual([entry(1)]);
  });

  it('keeps each occurrence of an alert once, as it was last told', async () => {
    const { alerts } = await store('alerts');
    const resolved = alert('a', {
      state: 'resolved',
      resolvedAt: 1_790_000_009_000,
      acknowledgedBy: 'ann',
      value: null,
    });
    await alerts.send(told(alert('a'), alert('b', { since: alert('b').since + 1, policy: undefined })));
    await alerts.send(told(resolved));
    const { policy: _none, ...withoutPolicy } = alert('b', { since: alert('b').since + 1 });
    expect(await alerts.list()).toEqual([withoutPolicy, resolved]);
    expect(await alerts.list({ before: withoutPolicy.since })).toEqual([resolved]);
    expect(await alerts.list({ name: 'Other' })).toEqual([]);
  });

  it('keeps no more than it was told to, give or take a sweep', async () => {
    const keep = { versions: 5, auditEntries: 6, alerts: 7 };
    const { history, auditTrail, alerts } = await store('bounded', { keep });
    for (let number = 1; number <= 100; number += 1) {
      await history.append(version(number));
      await auditTrail.append(entry(number));
      await alerts.send(told(alert(String(number).padStart(3, '0'), { since: number })));
    }
    const numbers = (of: readonly { readonly version: number }[]) => of.map(({ version }) => version);
    expect(numbers(await history.list({ limit: 500 }))).toEqual([100, 99, 98, 97, 96]);
    expect((await auditTrail.list({ limit: 500 })).map(({ reason }) => reason)).toEqual(
      [100, 99, 98, 97, 96, 95].map((number) => `number ${number}`),
    );
    expect((await alerts.list({ limit: 500 })).map(({ since }) => since)).toEqual([100, 99, 98, 97, 96, 95, 94]);
    const untouched = (await store('versions')).history;
    await untouched.append(version(99));
    expect(await untouched.get(99)).toEqual(version(99));
  }, 120_000);
}
