import { durableTableSettings, openDatabase } from '@marketprism/store';
import { isStreamError } from '@marketprism/stream';
import { Journal } from '@marketprism/stream/journal';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const mount = (directory: string, megabytes: number): boolean => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const directory = mkdtempSync(join(tmpdir(), 'disk-full-'));
const mounted = mount(directory, 64);
const describeOnSmallDisk = mounted ? describe : describe.skip;

afterAll(() => {
  if (mounted) execFileSync('umount', ['-l', directory]);
  rmSync(directory, { recursive: true, force: true });
});

const fill = () => {
  const { bavail, bsize } = statfsSync(directory);
  const path = join(directory, 'ballast');
  writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - 300_000)));
  return () => unlinkSync(path);
};

describeOnSmallDisk(`a full disk${mounted ? '' : ' (skipped: only root may mount one)'}`, () => {
  it('refuses what the journal cannot write, keeps what it has, and takes more when there is room', async () => {
    const place = join(directory, 'journal');
    const journal = await Journal.open({ directory: place, segmentBytes: 8_388_608, maxBytes: 67_108_864 });
    const append = (text: string) => journal.append({ subject: 's', id: text, body: Buffer.alloc(50_000, text) });
    await append('a');
    const empty = fill();
    const refused: unknown[] = [];
    for (let index = 0; index < 20; index += 1)
      await append(`full-${index}`).catch((error: unknown) => refused.push(error));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((error) => isStreamError(error, 'WRITE_FAILED'))).toBe(true);
    const accepted = 20 - refused.length;
    empty();
    await append('b');
    await journal.close();
    const reopened = await Journal.open({ directory: place, segmentBytes: 8_388_608, maxBytes: 67_108_864 });
    const reader = reopened.reader(1);
    const ids: string[] = [];
    for (let some = await reader.read(1_000_000); some.length > 0; some = await reader.read(1_000_000))
      ids.push(...some.map(({ id }) => id));
    await reader.close();
    await reopened.close();
    expect(ids.filter((id) => id === 'a' || id === 'b')).toEqual(['a', 'b']);
    expect(ids.length).toBeGreaterThanOrEqual(accepted + 2);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refuses what the database cannot write as something to try again, and stores it when there is room', async () => {
    const database = await openDatabase({ dataDir: join(directory, 'database') });
    await database.command(
      `CREATE TABLE event (id UInt64, note String CODEC(NONE)) ENGINE = MergeTree ORDER BY id ${durableTableSettings(database.features)}`,
    );
    const block = (from: number) =>
      Array.from({ length: 500 }, (_, index) => ({ id: from + index, note: `${from}`.repeat(500) }));
    await database.insert('event', block(0), { token: 'first' });
    const empty = fill();
    const error: unknown = await database
      .insert('event', block(1_000), { token: 'second' })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    empty();
    await database.insert('event', block(1_000), { token: 'second' });
    expect(await database.query('SELECT count() AS n, uniqExact(id) AS d FROM event')).toEqual([
      { n: '1000', d: '1000' },
    ]);
    await database.close();
  });
});
