import * as fc from 'fast-check';

import { expired, type BackupInfo } from './retention.js';

const info = (id: string, createdAt: number, needs: string[] = [], problem?: string): BackupInfo => ({
  id,
  kind: needs.length === 0 ? 'full' : 'incremental',
  base: needs[0],
  createdAt,
  needs: [...needs, id],
  problem,
});

describe('what may be removed', () => {
  it('is what is older than the retention and needed by nothing that stays', () => {
    const backups = [info('a', 0), info('b', 10, ['a']), info('c', 20), info('d', 90, ['c']), info('e', 100)];
    expect(expired(backups, 50, 120)).toEqual(['a', 'b']);
  });

  it('is never the newest sound backup or what it needs, whatever their age', () => {
    expect(expired([info('a', 0), info('b', 10, ['a'])], 1, 1_000_000)).toEqual([]);
    expect(expired([info('a', 0), info('broken', 10, [], 'damaged')], 1, 1_000_000)).toEqual(['broken']);
  });

  it('never takes a backup that one which stays needs', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 20 }), fc.nat(25), (bases, retentionMs) => {
        const backups = bases.map((back, index) =>
          info(`${index}`, index, back > 0 && index - back >= 0 ? [`${index - back}`] : []),
        );
        const gone = new Set(expired(backups, retentionMs, bases.length));
        for (const backup of backups)
          if (!gone.has(backup.id)) for (const needed of backup.needs) expect(gone.has(needed)).toBe(false);
        expect(gone.has(`${bases.length - 1}`)).toBe(false);
      }),
    );
  });
});
