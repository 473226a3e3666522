import * as fc from 'fast-check';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isStreamError } from '../errors.js';
import { CrashingStorage } from './crashing-storage.fixture.js';
import { Journal } from './journal.js';
import type { JournalOptions } from './journal.options.js';
import type { JournalRecord } from './record.js';

const options: JournalOptions = {
  directory: '/simulated',
  segmentBytes: 65_536,
  maxBytes: 1_048_576,
  maxRecordBytes: 60_000,
};
const openOn = (storage: CrashingStorage, more: Partial<JournalOptions> = {}, now = () => 1_000) =>
  Journal.openOn(storage, { ...options, ...more }, now);

async function readAll(journal: Journal, from = 1): Promise<JournalRecord[]> {
  const reader = journal.reader(from);
  const records: JournalRecord[] = [];
  for (let some = await reader.read(10_000); some.length > 0; some = await reader.read(10_000)) records.push(...some);
  await reader.close();
  return records;
}

const texts = (records: readonly JournalRecord[]) => records.map(({ body }) => Buffer.from(body).toString());
const entry = (text: string, id?: string) => ({
  subject: 's',
  body: Buffer.from(text),
  ...(id !== undefined && { id }),
});

/** Appends in groups until the storage crashes; gives what was acknowledged, by sequence. */
async function appendUntilCrash(storage: CrashingStorage, groups: readonly (readonly string[])[]) {
  const acknowledged = new Map<number, string>();
  try {
    const journal = await openOn(storage);
    for (const group of groups)
      await Promise.all(
        group.map((text) =>
          journal.append(entry(text)).then(
            ({ seq }) => acknowledged.set(seq, text),
            () => undefined,
          ),
        ),
      );
  } catch {
    // the crash came while opening
  }
  return acknowledged;
}

const groupsOfTexts = fc.array(fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 8,
});

describe('a journal', () => {
  it('gives back what was appended, in order, with everything it came with', async () => {
    const storage = new CrashingStorage();
    const journal = await openOn(storage);
    const headers = { 'trace-id': 'abc' };
    await journal.append({ subject: 'funding.okx', id: 'm-1', headers, body: Buffer.from([0, 255, 10]) });
    await journal.append(entry(''));
    expect(await readAll(await openOn(storage.afterKill()))).toEqual([
      { seq: 1, acceptedAt: 1_000, subject: 'funding.okx', id: 'm-1', headers, body: Buffer.from([0, 255, 10]) },
      { seq: 2, acceptedAt: 1_000, subject: 's', id: '', headers: {}, body: Buffer.alloc(0) },
    ]);
  });

  it('writes appends that arrive together with one sync', async () => {
    const journal = await openOn(new CrashingStorage());
    await Promise.all(Array.from({ length: 100 }, (_, index) => journal.append(entry(String(index)))));
    expect(journal.stats()).toMatchObject({ appended: 100, commits: 1, lastSeq: 100 });
  });

  it('loses nothing acknowledged and invents nothing, whenever the power goes', async () => {
    await fc.assert(
      fc.asyncProperty(
        groupsOfTexts,
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(64),
        async (groups, crashAt, keep, zeroed) => {
          const storage = new CrashingStorage();
          storage.crashAt = crashAt;
          const acknowledged = await appendUntilCrash(storage, groups);
          const journal = await openOn(storage.afterCrash({ keep, zeroed }));
          const found = await readAll(journal);
          const bySeq = new Map(found.map((record) => [record.seq, Buffer.from(record.body).toString()]));
          for (const [seq, text] of acknowledged) expect(bySeq.get(seq)).toBe(text);
          const offered = new Set(groups.flat());
          for (const text of bySeq.values()) expect(offered.has(text)).toBe(true);
          expect(bySeq.size).toBe(found.length);
          const { seq } = await journal.append(entry('after'));
          expect(texts(await readAll(journal)).at(-1)).toBe('after');
          expect(seq).toBeGreaterThan(Math.max(0, ...acknowledged.keys()));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('survives one crash after another', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            groupsOfTexts,
            fc.integer({ min: 1, max: 30 }),
            fc.double({ min: 0, max: 1, noNaN: true }),
            fc.boolean(),
          ),
          {
            minLength: 2,
            maxLength: 5,
          },
        ),
        async (lives) => {
          let storage = new CrashingStorage();
          const acknowledged = new Map<number, string>();
          for (const [groups, crashAt, keep, power] of lives) {
            storage.crashAt = crashAt;
            for (const [seq, text] of await appendUntilCrash(storage, groups)) {
              expect(acknowledged.has(seq)).toBe(false);
              acknowledged.set(seq, text);
            }
            storage = power ? storage.afterCrash({ keep, zeroed: 0 }) : storage.afterKill();
          }
          const found = await readAll(await openOn(storage));
          const bySeq = new Map(found.map((record) => [record.seq, Buffer.from(record.body).toString()]));
          for (const [seq, text] of acknowledged) expect(bySeq.get(seq)).toBe(text);
          expect(found.map(({ seq }) => seq)).toEqual(found.map(({ seq }) => seq).sort((a, b) => a - b));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('reports every accepted byte that is damaged or missing, and never skips it', async () => {
    const storage = new CrashingStorage();
    const journal = await openOn(storage);
    for (const text of ['one', 'two', 'three']) await journal.append(entry(text));
    const [name] = storage.names().filter((file) => file.endsWith('.segment'));
    const intact = storage.get(name ?? '');
    for (let at = 0; at < intact.length; at += 1) {
      for (const change of ['flip', 'cut'] as const) {
        const disk = storage.afterKill();
        const bytes = change === 'cut' ? Buffer.from(intact.subarray(0, at)) : Buffer.from(intact);
        if (change === 'flip') bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << (at % 8)), at);
        disk.put(name ?? '', bytes);
        const error = await openOn(disk).catch((thrown: unknown) => thrown);
        expect([change, at, isStreamError(error, 'CORRUPT')]).toEqual([change, at, true]);
      }
    }
  });

  it('reads everything or reports, whichever bit of whichever file has turned', async () => {
    const storage = new CrashingStorage();
    const journal = await openOn(storage);
    const written = Array.from({ length: 9 }, (_, index) => `${index}`.repeat(20_000));
    for (const text of written) await journal.append(entry(text));
    const files = storage.names();
    expect(files).toHaveLength(4);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.nat(7), async (name, place, bit) => {
        const disk = storage.afterKill();
        const bytes = disk.get(name);
        const at = place % bytes.length;
        bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << bit), at);
        disk.put(name, bytes);
        const outcome = await openOn(disk).then(
          async (opened) => texts(await readAll(opened)),
          (error: unknown) => isStreamError(error, 'CORRUPT'),
        );
        expect(outcome).toEqual(name === 'mark' ? written : true);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the rest of a damaged journal when told to, and says what is lost', async () => {
    const storage = new CrashingStorage();
    const journal = await openOn(storage);
    for (const text of ['one', 'two', 'three', 'four']) await journal.append(entry(text));
    const [name = ''] = storage.names().filter((file) => file.endsWith('.segment'));
    const disk = storage.afterKill();
    const bytes = disk.get(name);
    bytes.writeUInt8(0, bytes.indexOf('two'));
    disk.put(name, bytes);
    await expect(openOn(disk)).rejects.toThrow(/at byte \d+: records 2 to 2 are lost/);

    const salvaged = await openOn(disk, { onDamage: 'salvage' });
    expect(texts(await readAll(salvaged))).toEqual(['one', 'three', 'four']);
    expect(salvaged.stats().damage).toEqual([{ segment: name, offset: expect.any(Number) as number, from: 2, to: 2 }]);
    expect(disk.names()).toContain(`${name}.damaged`);
    expect((await salvaged.append(entry('five'))).seq).toBe(5);
    expect(texts(await readAll(await openOn(disk.afterKill())))).toEqual(['one', 'three', 'four', 'five']);
  });

  it('does not use the sequences of a lost end again', async () => {
    const storage = new CrashingStorage();
    const journal = await openOn(storage);
    for (const text of ['one', 'two']) await journal.append(entry(text));
    const [name = ''] = storage.names().filter((file) => file.endsWith('.segment'));
    const disk = storage.afterKill();
    disk.put(name, Buffer.from(disk.get(name).subarray(0, -3)));
    await expect(openOn(disk)).rejects.toThrow('records 2 to 2 are lost');
    const salvaged = await openOn(disk, { onDamage: 'salvage' });
    expect((await salvaged.append(entry('three'))).seq).toBe(3);
    expect(texts(await readAll(await openOn(disk.afterKill())))).toEqual(['one', 'three']);
  });

  it('names files that are gone', async () => {
    const storage = new CrashingStorage();
    const journal = await openOn(storage);
    for (let index = 0; index < 4; index += 1) await journal.append(entry(`${index}`.repeat(40_000)));
    const files = storage.names().filter((file) => file.endsWith('.segment'));
    expect(files).toHaveLength(4);
    for (const [at, lost] of [
      [1, '2 to 2'],
      [2, '3 to 3'],
      [3, '4 to 4'],
    ] as const) {
      const disk = storage.afterKill();
      await disk.remove(files[at] ?? '');
      await expect(openOn(disk)).rejects.toThrow(`records ${lost} are lost`);
    }
  });

  it('takes an id once within the window, also after a restart', async () => {
    const storage = new CrashingStorage();
    let now = 1_000;
    const journal = await openOn(storage, { duplicateWindowMs: 500 }, () => now);
    const both = await Promise.all([journal.append(entry('a', 'id')), journal.append(entry('a', 'id'))]);
    expect(both).toEqual([
      { seq: 1, duplicate: false },
      { seq: 1, duplicate: true },
    ]);
    const again = await openOn(storage.afterKill(), { duplicateWindowMs: 500 }, () => now);
    now = 1_400;
    expect(await again.append(entry('a', 'id'))).toEqual({ seq: 1, duplicate: true });
    now = 1_600;
    expect(await again.append(entry('a', 'id'))).toEqual({ seq: 2, duplicate: false });
  });

  it('refuses the appends whose write fails, and takes the next', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 24 }), async (failing) => {
        const storage = new CrashingStorage();
        const journal = await openOn(storage);
        storage.failAt.set(storage.operations + failing, Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
        const accepted: string[] = [];
        for (const text of ['a', 'b', 'c', 'd', 'e', 'f'])
          await journal.append(entry(text)).then(
            () => accepted.push(text),
            (error: unknown) => expect(isStreamError(error, 'WRITE_FAILED')).toBe(true),
          );
        expect(accepted.length).toBeGreaterThanOrEqual(5);
        expect(texts(await readAll(journal))).toEqual(accepted);
        const reopened = texts(await readAll(await openOn(storage.afterKill())));
        expect(reopened.filter((text) => accepted.includes(text))).toEqual(accepted);
      }),
    );
  });

  it('holds appends back while it is full, and lets them in when a reader is done', async () => {
    const journal = await openOn(new CrashingStorage(), {
      maxBytes: 1_048_576,
      segmentBytes: 262_144,
      maxRecordBytes: 200_000,
    });
    let floor = 0;
    await journal.retain('reader', { floor: () => floor, persist: async () => undefined });
    const big = 'x'.repeat(120_000);
    const appends = Array.from({ length: 12 }, () => journal.append(entry(big)));
    await Promise.all(appends.slice(0, 8));
    expect(journal.stats().waiting).toBe(4);
    floor = 8;
    await journal.trim();
    await Promise.all(appends);
    expect(journal.stats().waiting).toBe(0);
    expect(journal.bytes).toBeLessThanOrEqual(1_048_576);
  });

  it('lets records with reserved room in when the others wait, before them', async () => {
    const journal = await openOn(new CrashingStorage(), { segmentBytes: 262_144, maxRecordBytes: 200_000 });
    journal.reserve('$own.', 524_288);
    let floor = 0;
    await journal.retain('reader', { floor: () => floor, persist: async () => undefined });
    const big = 'x'.repeat(120_000);
    const others = Array.from({ length: 6 }, () => journal.append(entry(big)));
    await Promise.all(others.slice(0, 4));
    expect(journal.stats().waiting).toBe(2);
    await Promise.all(Array.from({ length: 4 }, () => journal.append({ ...entry(big), subject: '$own.block' })));
    const late = journal.append({ ...entry(big), subject: '$own.block' });
    expect(journal.stats().waiting).toBe(3);
    floor = 8;
    await journal.trim();
    const [own, ...rest] = await Promise.all([late, ...others.slice(4)]);
    expect(rest.every(({ seq }) => seq > own.seq)).toBe(true);
  });

  it('keeps what an absent reader has not done with until it is forgotten, also after a restart', async () => {
    const storage = new CrashingStorage();
    const small = { segmentBytes: 65_536 };
    const first = await openOn(storage, small);
    const retained = { floor: () => 0, persist: async () => undefined };
    (await first.retain('gone', retained)).leave();
    await first.close();
    const journal = await openOn(storage, small);
    await journal.retain('here', { floor: () => journal.lastSeq, persist: async () => undefined });
    for (let index = 0; index < 4; index += 1) await journal.append(entry('x'.repeat(50_000)));
    await journal.trim();
    expect(journal.absentReaders()).toEqual(['gone']);
    expect(journal.floor).toBe(0);
    await journal.forget('gone');
    await journal.trim();
    expect(journal.floor).toBe(3);
    await journal.close();
    expect((await openOn(storage, small)).absentReaders()).toEqual(['here']);
  });

  it('refuses when full for too long, and when too many wait', async () => {
    jest.useFakeTimers();
    try {
      const journal = await openOn(new CrashingStorage(), {
        segmentBytes: 524_288,
        maxRecordBytes: 500_000,
        maxWaiting: 1,
        waitMs: 200,
      });
      const big = entry('x'.repeat(400_000));
      await Promise.all([journal.append(big), journal.append(big)]);
      const waiting = journal.append(big).catch((error: unknown) => error);
      await expect(journal.append(big)).rejects.toMatchObject({ code: 'FULL' });
      await jest.advanceTimersByTimeAsync(200);
      expect(isStreamError(await waiting, 'FULL')).toBe(true);
    } finally {
      jest.useRealTimers();
    }
  });

  it('removes only files that every reader is done with', async () => {
    const storage = new CrashingStorage();
    const journal = await openOn(storage);
    const floors = { slow: 0, fast: 0 };
    const persisted: string[] = [];
    for (const name of ['slow', 'fast'] as const)
      await journal.retain(name, { floor: () => floors[name], persist: async () => void persisted.push(name) });
    for (let index = 0; index < 5; index += 1) await journal.append(entry('x'.repeat(40_000)));
    floors.fast = 4;
    floors.slow = 2;
    await journal.trim();
    expect(persisted.sort()).toEqual(['fast', 'slow']);
    expect(journal.stats()).toMatchObject({ floor: 2, segments: 3 });
    const reopened = await openOn(storage.afterKill());
    await expect(reopened.retain('late', { floor: () => 1, persist: async () => undefined })).rejects.toThrow(
      'records 2 to 2 are lost',
    );
  });

  // A second reader that trimmed before the first was back took away what the first had not seen.
  it('keeps, after a restart, what a reader that is not back yet has not done with, until it is forgotten', async () => {
    const storage = new CrashingStorage();
    const first = await openOn(storage);
    await first.retain('slow', { floor: () => 0, persist: async () => undefined });
    for (let index = 0; index < 4; index += 1) await first.append(entry('x'.repeat(40_000)));
    const disk = storage.afterKill();
    const second = await openOn(disk);
    await second.retain('fast', { floor: () => 4, persist: async () => undefined });
    await second.trim();
    expect(second.stats()).toMatchObject({ floor: 0, segments: 4 });
    const { forget } = await second.retain('slow', { floor: () => 0, persist: async () => undefined });
    await forget();
    await second.trim();
    expect(second.stats()).toMatchObject({ floor: 3, segments: 1 });
  });

  it('refuses what is too large, and options that are wrong, all at once', async () => {
    const journal = await openOn(new CrashingStorage(), { maxRecordBytes: 1_024 });
    await expect(journal.append(entry('x'.repeat(2_000)))).rejects.toMatchObject({ code: 'TOO_LARGE' });
    await expect(openOn(new CrashingStorage(), { maxBytes: 5, segmentBytes: 1 })).rejects.toThrow(
      'journal options are wrong:\n  maxBytes: Too small: expected number to be >=1048576, got 5\n  segmentBytes: Too small: expected number to be >=65536, got 1',
    );
  });
});

describe('a journal in a directory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'journal-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('is one process’s at a time, and opens again after closing', async () => {
    const journal = await Journal.open({ directory });
    await expect(Journal.open({ directory })).rejects.toMatchObject({ code: 'LOCKED' });
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => journal.append(entry(`${index}`, `id-${index}`))));
    await journal.close();
    await expect(journal.append(entry('late'))).rejects.toMatchObject({ code: 'CLOSED' });
    const again = await Journal.open({ directory });
    expect(texts(await readAll(again))).toEqual(Array.from({ length: 1_000 }, (_, index) => `${index}`));
    await again.close();
    expect(readdirSync(directory).filter((name) => name.startsWith('lock'))).toEqual([]);
  });
});
