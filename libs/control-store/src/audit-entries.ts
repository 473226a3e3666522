import type { AuditEntry, AuditListOptions, AuditTrail } from '@marketprism/reliability';
import type { AuditRow } from './client.js';
import { Table } from './table.js';

/** What was done to one instance. */
export class AuditEntries extends Table implements AuditTrail {
  async append({ at, before, after, ...entry }: AuditEntry): Promise<void> {
    const data = {
      instance: this.instance,
      at: new Date(at),
      who: entry.who,
      via: entry.via,
      action: entry.action,
      target: entry.target,
      before: textOf(before),
      after: textOf(after),
      reason: entry.reason,
      outcome: entry.outcome,
      problem: entry.problem ?? null,
    };
    await this.write(() => this.client.auditEntry.create({ data }));
  }

  async list({ limit = 100, before }: AuditListOptions = {}): Promise<readonly AuditEntry[]> {
    const rows = await this.run(() =>
      this.client.auditEntry.findMany({
        where: { instance: this.instance, ...(before !== undefined && { at: { lt: new Date(before) } }) },
        orderBy: [{ at: 'desc' }, { id: 'desc' }],
        take: limit,
      }),
    );
    return rows.map(entryOf);
  }

  protected override async sweep(): Promise<void> {
    const { instance, keep } = this;
    const [last] = await this.client.auditEntry.findMany({
      where: { instance },
      orderBy: { id: 'desc' },
      skip: keep,
      take: 1,
      select: { id: true },
    });
    if (last !== undefined) await this.client.auditEntry.deleteMany({ where: { instance, id: { lte: last.id } } });
  }
}

const textOf = (json: AuditEntry['before']) => (json === undefined ? null : JSON.stringify(json));

function entryOf(row: AuditRow): AuditEntry {
  return {
    at: row.at.getTime(),
    who: row.who,
    via: row.via,
    action: row.action,
    target: row.target,
    ...(row.before !== null && { before: JSON.parse(row.before) as AuditEntry['before'] }),
    ...(row.after !== null && { after: JSON.parse(row.after) as AuditEntry['after'] }),
    reason: row.reason,
    outcome: row.outcome as AuditEntry['outcome'],
    ...(row.problem !== null && { problem: row.problem }),
  };
}
