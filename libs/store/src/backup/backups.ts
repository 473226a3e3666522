import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

import type { Database } from '../database.js';
import { StoreError } from '../errors.js';
import {
  BY_PARTITION,
  fingerprint,
  selectChunk,
  tablesOf,
  type ChunkFingerprint,
  type TableShape,
} from '../fingerprint.js';
import { identifier } from '../parameters.js';
import type { BackupKeys } from './backup-keys.js';
import type { BackupTarget } from './backup-target.js';
import {
  decodeManifest,
  encodeManifest,
  MANIFEST,
  manifestName,
  partName,
  sha256,
  type Manifest,
  type ManifestChunk,
  type ManifestTable,
  type PartReference,
} from './manifest.js';
import { expired, type BackupInfo } from './retention.js';

const zip = promisify(gzip);
const unzip = promisify(gunzip);
const LONG_MS = 600_000;
const STABLE_TRIES = 3;
/** A backup that has no manifest after this long was never finished. */
const UNFINISHED_MS = 86_400_000;

export interface BackupsOptions {
  target: BackupTarget;
  /** Without keys backups are not encrypted. */
  keys?: BackupKeys;
  /**
   * By table, the expression that cuts it into chunks; what changes within a chunk is what an incremental backup stores.
   * Default: the table's own partitions.
   */
  chunks?: Readonly<Record<string, string>>;
  /** How long backups are kept, in ms. Default 30 days. */
  retentionMs?: number;
  now?: () => number;
}

/** Tells how far long work has come. */
export type Progress = (done: number, total: number, what: string) => void;

export interface BackupReport {
  readonly id: string;
  readonly kind: Manifest['kind'];
  readonly rows: number;
  /** Parts written now, and parts of earlier backups that still hold. */
  readonly written: number;
  readonly reused: number;
  readonly bytes: number;
}

/** Makes, checks, restores and removes backups of a database. */
export class Backups {
  readonly #target: BackupTarget;
  readonly #keys: BackupKeys | undefined;
  readonly #options: BackupsOptions;
  readonly #now: () => number;

  constructor(options: BackupsOptions) {
    this.#target = options.target;
    this.#keys = options.keys;
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Finished backups, oldest first; those whose manifest cannot be read with what is wrong. */
  async list(): Promise<BackupInfo[]> {
    const infos: BackupInfo[] = [];
    for (const id of await this.#ids()) {
      try {
        const { kind, base, createdAt, tables } = await this.#manifest(id);
        const needs = new Set(tables.flatMap(({ chunks }) => chunks.map((chunk) => chunk.part.backup)));
        infos.push({ id, kind, base, createdAt: Date.parse(createdAt), needs: [...needs, id], problem: undefined });
      } catch (error) {
        const kind = id.endsWith('-full') ? 'full' : 'incremental';
        const problem = error instanceof Error ? error.message : String(error);
        infos.push({ id, kind, base: undefined, createdAt: timeOf(id), needs: [id], problem });
      }
    }
    return infos.sort((a, b) => a.createdAt - b.createdAt);
  }

  async #ids(): Promise<string[]> {
    return (await this.#target.list())
      .filter((name) => name.endsWith(`/${MANIFEST}`))
      .map((name) => name.slice(0, -MANIFEST.length - 1));
  }

  async #manifest(id: string): Promise<Manifest> {
    const bytes = await this.#target.get(manifestName(id));
    if (bytes === undefined) throw new StoreError('BACKUP', `backup ${id}: there is none in ${this.#target.name}`);
    return decodeManifest(bytes, id, this.#keys);
  }

  /**
   * Backs a database up: all of it, or what has changed since the newest backup (all of it when there is none). Every part is
   * read back and checked before the manifest, which makes the backup one, is written.
   *
   * @throws StoreError `BACKUP`
   */
  async create(
    database: Database,
    kind: Manifest['kind'] = 'full',
    progress: Progress = () => undefined,
  ): Promise<BackupReport> {
    const base = kind === 'incremental' ? await this.#newestSound() : undefined;
    const createdAt = new Date(this.#now());
    const actual = base === undefined ? 'full' : 'incremental';
    const id = `${createdAt.toISOString().replace(/[-:]/g, '')}-${actual}`;
    const known = new Map(
      base?.tables.map((table) => [
        table.name,
        new Map(table.by === this.#by(table.name) ? table.chunks.map((chunk) => [chunk.chunk, chunk]) : []),
      ]),
    );
    const present = new Set(base === undefined ? [] : await this.#target.list());
    const shapes = await tablesOf(database);
    const prints = new Map<string, ChunkFingerprint[]>();
    for (const shape of shapes)
      prints.set(shape.name, await fingerprint(database, shape, this.#by(shape.name), { deadlineMs: LONG_MS }));
    const total = [...prints.values()].reduce((sum, chunks) => sum + chunks.length, 0);
    let [done, written, reused, bytes, rows] = [0, 0, 0, 0, 0];
    const tables: ManifestTable[] = [];
    for (const shape of shapes) {
      const chunks: ManifestChunk[] = [];
      for (const print of prints.get(shape.name) ?? []) {
        const before = known.get(shape.name)?.get(print.chunk);
        if (before?.rows === print.rows && before.sum === print.sum && present.has(partName(before.part))) {
          chunks.push(before);
          reused += 1;
        } else {
          const stored = await this.#store(database, shape, print, id, written);
          chunks.push(stored);
          written += 1;
          bytes += stored.part.bytes;
        }
        rows += chunks.at(-1)?.rows ?? 0;
        done += 1;
        progress(done, total, shape.name);
      }
      tables.push({
        name: shape.name,
        ddl: shape.ddl,
        columns: [...shape.columns],
        final: shape.final,
        by: this.#by(shape.name),
        chunks,
      });
    }
    const manifest: Manifest = {
      format: 1,
      id,
      kind: actual,
      ...(base !== undefined && { base: base.id }),
      createdAt: createdAt.toISOString(),
      engine: database.version,
      encrypted: this.#keys !== undefined,
      tables,
    };
    await this.#target.put(manifestName(id), encodeManifest(manifest, this.#keys));
    await this.#manifest(id); // read back
    return { id, kind: actual, rows, written, reused, bytes };
  }

  readonly #by = (table: string): string => this.#options.chunks?.[table] ?? BY_PARTITION;

  /** The newest backup whose manifest is sound; an incremental one never builds on one that is not. */
  async #newestSound(): Promise<Manifest | undefined> {
    const manifests: Manifest[] = [];
    for (const id of await this.#ids()) {
      const manifest = await this.#manifest(id).catch(() => undefined);
      if (manifest !== undefined) manifests.push(manifest);
    }
    return manifests.sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt)).at(-1);
  }

  /** Exports a chunk until what was exported is what was summed: rows may arrive in between. */
  async #store(
    database: Database,
    shape: TableShape,
    first: ChunkFingerprint,
    id: string,
    index: number,
  ): Promise<ManifestChunk> {
    const by = this.#by(shape.name);
    let print = first;
    for (let attempt = 1; ; attempt += 1) {
      const rows = await database.exportTsv(selectChunk(shape, by, print.chunk), {}, { deadlineMs: LONG_MS });
      const again = await fingerprint(database, shape, by, { deadlineMs: LONG_MS });
      const after = again.find(({ chunk }) => chunk === print.chunk) ?? { chunk: print.chunk, rows: 0, sum: '0-0' };
      if (after.rows === print.rows && after.sum === print.sum && linesOf(rows) === print.rows)
        return { ...print, part: await this.#putPart(rows, id, `${shape.name}-${String(index).padStart(6, '0')}`) };
      if (attempt >= STABLE_TRIES) {
        print = await this.#printOf(database, shape, rows, print.chunk);
        return { ...print, part: await this.#putPart(rows, id, `${shape.name}-${String(index).padStart(6, '0')}`) };
      }
      print = after;
    }
  }

  /** The fingerprint of exported rows, by putting them into a table of their own: for a chunk that never stands still. */
  async #printOf(database: Database, shape: TableShape, rows: Buffer, chunk: string): Promise<ChunkFingerprint> {
    const scratch = `store_backup_scratch_${this.#now()}`;
    await database.command(`CREATE TABLE ${scratch} AS ${identifier(shape.name)} ENGINE = MergeTree ORDER BY tuple()`);
    try {
      await database.importTsv(scratch, shape.columns, rows, { deadlineMs: LONG_MS });
      const [print] = await fingerprint(database, { ...shape, name: scratch, final: false }, "'all'", {
        deadlineMs: LONG_MS,
      });
      return { chunk, rows: print?.rows ?? 0, sum: print?.sum ?? '0-0' };
    } finally {
      await database.command(`DROP TABLE ${scratch}`);
    }
  }

  async #putPart(rows: Buffer, backup: string, table: string): Promise<PartReference> {
    const name = `${table}.tsv.gz${this.#keys === undefined ? '' : '.enc'}`;
    const zipped = await zip(rows);
    const bytes = this.#keys?.encrypt(zipped, `${backup}/${name}`) ?? zipped;
    const part = { backup, name, bytes: bytes.length, sha256: sha256(bytes) };
    await this.#target.put(partName(part), bytes);
    await this.#getPart(part);
    return part;
  }

  /** @throws StoreError `BACKUP` for a part that is missing, damaged, or under a key that is not given */
  async #getPart(part: PartReference): Promise<Buffer> {
    const name = partName(part);
    const bytes = await this.#target.get(name);
    if (bytes === undefined) throw new StoreError('BACKUP', `${name}: it is not in ${this.#target.name}`);
    if (bytes.length !== part.bytes)
      throw new StoreError('BACKUP', `${name}: must have ${part.bytes} bytes, has ${bytes.length}`);
    if (sha256(bytes) !== part.sha256)
      throw new StoreError('BACKUP', `${name}: its SHA-256 is not the one in the manifest`);
    if (name.endsWith('.enc') && this.#keys === undefined)
      throw new StoreError('BACKUP', `${name}: it is encrypted, and no key was given`);
    const zipped = name.endsWith('.enc') ? (this.#keys?.decrypt(bytes, name) ?? bytes) : bytes;
    return unzip(zipped).catch((cause: unknown) => {
      throw new StoreError('BACKUP', `${name}: it cannot be unpacked`, { cause });
    });
  }

  /** Reads every part of a backup, those of earlier backups included. @throws StoreError `BACKUP` naming all that is wrong */
  async verify(id: string, progress: Progress = () => undefined): Promise<{ parts: number; rows: number }> {
    const manifest = await this.#manifest(id);
    const chunks = manifest.tables.flatMap((table) => table.chunks);
    const problems: string[] = [];
    let rows = 0;
    for (const [index, { part, rows: expected }] of chunks.entries()) {
      try {
        const found = linesOf(await this.#getPart(part));
        if (found !== expected) problems.push(`${partName(part)}: must have ${expected} rows, has ${found}`);
        rows += found;
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
      progress(index + 1, chunks.length, part.name);
    }
    if (problems.length > 0)
      throw new StoreError('BACKUP', `backup ${id} is not sound:\n${problems.map((line) => `  ${line}`).join('\n')}`);
    return { parts: chunks.length, rows };
  }

  /**
   * Restores a backup into a database whose tables are not there yet, or empty, and compares what is there afterwards with
   * what was backed up. The backup is verified first, so that a damaged one changes nothing.
   *
   * @throws StoreError `BACKUP`
   */
  async restore(
    id: string,
    database: Database,
    progress: Progress = () => undefined,
  ): Promise<{ tables: number; rows: number }> {
    const manifest = await this.#manifest(id);
    const total = manifest.tables.reduce((sum, { chunks }) => sum + chunks.length, 0);
    const { rows } = await this.verify(id, (done) => progress(done, 2 * total, 'verifying'));
    const existing = new Map((await tablesOf(database)).map((table) => [table.name, table]));
    for (const table of manifest.tables) {
      if (!existing.has(table.name)) continue;
      const [row] = await database.query<{ n: string }>(`SELECT count() AS n FROM ${identifier(table.name)}`);
      if (Number(row?.n) > 0)
        throw new StoreError('BACKUP', `table ${table.name} is not empty: restore into an empty database`);
    }
    let done = total;
    for (const table of manifest.tables) {
      if (!existing.has(table.name)) await database.command(portable(table.ddl));
      for (const { part } of table.chunks) {
        await database.importTsv(table.name, table.columns, await this.#getPart(part), {
          deadlineMs: LONG_MS,
          token: `restore-${part.sha256}`,
        });
        done += 1;
        progress(done, 2 * total, table.name);
      }
    }
    const problems: string[] = [];
    for (const table of manifest.tables) {
      const found = new Map(
        (await fingerprint(database, table, table.by, { deadlineMs: LONG_MS })).map((print) => [print.chunk, print]),
      );
      for (const { chunk, rows: expected, sum } of table.chunks) {
        const print = found.get(chunk);
        if (print?.rows !== expected || print.sum !== sum)
          problems.push(
            `${table.name}, chunk ${chunk}: must have ${expected} rows of sum ${sum}, has ${print?.rows ?? 0} of ${print?.sum ?? 'none'}`,
          );
      }
    }
    if (problems.length > 0)
      throw new StoreError(
        'BACKUP',
        `what was restored from ${id} is not what was backed up:\n${problems.map((line) => `  ${line}`).join('\n')}`,
      );
    return { tables: manifest.tables.length, rows };
  }

  /** Removes backups beyond the retention, and what unfinished ones left behind. Gives the ids. */
  async prune(): Promise<string[]> {
    const retentionMs = this.#options.retentionMs ?? 30 * 86_400_000;
    const ids = new Set(expired(await this.list(), retentionMs, this.#now()));
    const names = await this.#target.list();
    const finished = new Set(
      names.filter((name) => name.endsWith(`/${MANIFEST}`)).map((name) => name.slice(0, -MANIFEST.length - 1)),
    );
    for (const id of new Set(names.map((name) => name.split('/')[0] ?? '')))
      if (!finished.has(id) && this.#now() - timeOf(id) > UNFINISHED_MS) ids.add(id);
    for (const id of ids) {
      // Without its manifest a backup is none: it goes first, so that a crash leaves no backup that lacks parts.
      await this.#target.delete([manifestName(id)]);
      await this.#target.delete(names.filter((name) => name.startsWith(`${id}/`) && name !== manifestName(id)));
    }
    return [...ids].sort();
  }
}

/** When a backup was begun, by its id; now for anything else, so that foreign files are left alone. */
function timeOf(id: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.\d{3}Z-(?:full|incremental)$/.exec(id) ?? [];
  return y === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}

function linesOf(rows: Buffer): number {
  let lines = 0;
  for (let at = rows.indexOf(10); at !== -1; at = rows.indexOf(10, at + 1)) lines += 1;
  return lines;
}

/** The statement that makes a table in any database: without the database it came from, and not replicated. */
const portable = (ddl: string): string =>
  ddl
    .replace(/^CREATE TABLE (?:\S+\.)?/, 'CREATE TABLE IF NOT EXISTS ')
    .replace(/\bReplicated(\w*MergeTree)\('[^']*', '[^']*'(?:, )?/, '$1(');
