import type { Alert, AlertNotification, AlertSink } from '@marketprism/reliability/alerting';
import type { AlertRecord } from './client.js';
import { Table } from './table.js';

export interface AlertListOptions {
  /** Most alerts, default 100. */
  readonly limit?: number;
  /** Only alerts that began before this time, in ms since the Unix epoch. */
  readonly before?: number;
  /** Only alerts of this rule. */
  readonly name?: string;
}

/** Every alert of one instance as it was last told: a sink beside the others. */
export class AlertRecords extends Table implements AlertSink {
  readonly name = 'control-store';
  /** Told at once, and told again of what goes on only after a day. */
  readonly grouping = { waitMs: 0, intervalMs: 0, repeatMs: 86_400_000 };

  async send({ alerts, at }: AlertNotification): Promise<void> {
    for (const alert of alerts) {
      const key = { instance: this.instance, id: alert.id };
      const data = { ...rowOf(alert), toldAt: new Date(at) };
      await this.write(() =>
        this.client.alertRecord.upsert({ where: { instance_id: key }, create: { ...key, ...data }, update: data }),
      );
    }
  }

  /** The latest first. */
  async list({ limit = 100, before, name }: AlertListOptions = {}): Promise<readonly Alert[]> {
    const rows = await this.run(() =>
      this.client.alertRecord.findMany({
        where: {
          instance: this.instance,
          ...(name !== undefined && { name }),
          ...(before !== undefined && { since: { lt: new Date(before) } }),
        },
        orderBy: [{ since: 'desc' }, { id: 'desc' }],
        take: limit,
      }),
    );
    return rows.map(alertOf);
  }

  protected override async sweep(): Promise<void> {
    const { instance, keep } = this;
    const [last] = await this.client.alertRecord.findMany({
      where: { instance },
      orderBy: [{ since: 'desc' }, { id: 'desc' }],
      skip: keep,
      take: 1,
      select: { since: true, id: true },
    });
    if (last === undefined) return;
    const { since, id } = last;
    const older = { OR: [{ since: { lt: since } }, { since, id: { lte: id } }] };
    await this.client.alertRecord.deleteMany({ where: { instance, ...older } });
  }
}

const dateOf = (ms: number | undefined) => (ms === undefined ? null : new Date(ms));

function rowOf(alert: Alert) {
  return {
    fingerprint: alert.fingerprint,
    name: alert.name,
    state: alert.state,
    severity: alert.severity,
    labels: JSON.stringify(alert.labels),
    policy: alert.policy ?? null,
    summary: alert.summary,
    value: alert.value,
    since: new Date(alert.since),
    firedAt: dateOf(alert.firedAt),
    resolvedAt: dateOf(alert.resolvedAt),
    escalation: alert.escalation,
    acknowledgedBy: alert.acknowledgedBy ?? null,
    silencedBy: alert.silencedBy ?? null,
    runbook: alert.runbook ?? null,
  };
}

function alertOf(row: AlertRecord): Alert {
  return {
    id: row.id,
    fingerprint: row.fingerprint,
    name: row.name,
    state: row.state as Alert['state'],
    severity: row.severity as Alert['severity'],
    labels: JSON.parse(row.labels) as Alert['labels'],
    ...(row.policy !== null && { policy: row.policy }),
    summary: row.summary,
    value: row.value,
    since: row.since.getTime(),
    ...(row.firedAt !== null && { firedAt: row.firedAt.getTime() }),
    ...(row.resolvedAt !== null && { resolvedAt: row.resolvedAt.getTime() }),
    escalation: row.escalation,
    ...(row.acknowledgedBy !== null && { acknowledgedBy: row.acknowledgedBy }),
    ...(row.silencedBy !== null && { silencedBy: row.silencedBy }),
    ...(row.runbook !== null && { runbook: row.runbook }),
  };
}
