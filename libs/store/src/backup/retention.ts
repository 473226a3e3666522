/** What is known of a backup without reading its parts. */
export interface BackupInfo {
  readonly id: string;
  readonly kind: 'full' | 'incremental';
  readonly base: string | undefined;
  /** ms since 1970. */
  readonly createdAt: number;
  /** Backups whose parts it needs, itself included. */
  readonly needs: readonly string[];
  /** Why its manifest cannot be read; undefined for a sound one. */
  readonly problem: string | undefined;
}

/**
 * Which backups may go: those older than the retention that no kept one needs. The newest backup and everything it needs
 * stay, whatever their age; one that cannot be read is never the newest.
 */
export function expired(backups: readonly BackupInfo[], retentionMs: number, now: number): string[] {
  const byAge = [...backups].sort((a, b) => a.createdAt - b.createdAt);
  const newest = byAge.findLast(({ problem }) => problem === undefined);
  const kept = new Set<string>();
  // From the newest to the oldest: whatever keeps a backup has been seen before it.
  for (const backup of byAge.toReversed()) {
    if (backup !== newest && now - backup.createdAt > retentionMs && !kept.has(backup.id)) continue;
    for (const needed of [backup.id, ...backup.needs]) kept.add(needed);
  }
  return byAge.filter(({ id }) => !kept.has(id)).map(({ id }) => id);
}
