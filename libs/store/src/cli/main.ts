#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from 'commander';
import { existsSync } from 'node:fs';

import { BackupKeys } from '../backup/backup-keys.js';
import type { BackupTarget } from '../backup/backup-target.js';
import { Backups } from '../backup/backups.js';
import { directoryTarget } from '../backup/directory-target.js';
import { s3Target } from '../backup/s3-target.js';
import type { Database } from '../database.js';
import { isStoreError, StoreError } from '../errors.js';
import { openDatabase } from '../open-database.js';
import { progressBar } from './progress-bar.js';

interface Options {
  data?: string;
  url?: string;
  target: string;
  keyFile?: string;
  s3Endpoint?: string;
  full?: boolean;
  retentionDays: number;
  chunk: Record<string, string>;
}

const days = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number of days above 0');
  return value;
};

const chunkOf = (text: string, before: Record<string, string>): Record<string, string> => {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('must be table=expression');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
};

function targetOf({ target, s3Endpoint }: Options): BackupTarget {
  const bucket = /^s3:\/\/([^/]+)\/?(.*)$/.exec(target);
  if (bucket === null) return directoryTarget(target);
  return s3Target({ bucket: bucket[1] ?? '', prefix: bucket[2] ?? '', endpoint: s3Endpoint });
}

function backupsOf(options: Options): Backups {
  const { STORE_BACKUP_KEY: key } = process.env;
  const keys =
    options.keyFile !== undefined
      ? BackupKeys.fromFile(options.keyFile)
      : key !== undefined
        ? BackupKeys.parse(key)
        : undefined;
  return new Backups({
    target: targetOf(options),
    keys,
    chunks: options.chunk,
    retentionMs: options.retentionDays * 86_400_000,
  });
}

async function withDatabase<R>({ url, data }: Options, work: (database: Database) => Promise<R>): Promise<R> {
  if (url === undefined && data === undefined)
    throw new StoreError('INVALID', 'no database: give --data <directory>, or --url <url> (CLICKHOUSE_URL)');
  const database = await openDatabase({ url, dataDir: data });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** The backup asked for, or the newest that is sound. */
async function chosen(backups: Backups, target: string, id: string | undefined): Promise<string> {
  if (id !== undefined) return id;
  const all = await backups.list();
  const newest = all.findLast(({ problem }) => problem === undefined);
  if (newest !== undefined) return newest.id;
  throw new StoreError('BACKUP', all.map(({ problem }) => problem).join('\n') || `there is no backup in ${target}`);
}

const program = new Command('store')
  .description('Back a database up, check backups, restore them')
  .configureHelp({ showGlobalOptions: true })
  .addOption(
    new Option('--target <place>', 'directory, or s3://bucket/prefix').env('STORE_BACKUP_TARGET').makeOptionMandatory(),
  )
  .addOption(new Option('--s3-endpoint <url>', 'address of S3-compatible storage').env('STORE_S3_ENDPOINT'))
  .option('--key-file <file>', 'keys for AES-256, the newest first, one a line; or set STORE_BACKUP_KEY')
  .addOption(new Option('--url <url>', 'ClickHouse server').env('CLICKHOUSE_URL'))
  .option('--data <directory>', 'directory of the embedded database')
  .option('--retention-days <days>', 'how long backups are kept', days, 30)
  .option('--chunk <table=expression>', 'what an incremental backup compares a table by; may be repeated', chunkOf, {});

const options = (): Options => program.opts<Options>();

program
  .command('backup')
  .description('back up what has changed since the last backup')
  .option('--full', 'back up everything')
  .action(async ({ full }: { full?: boolean }) => {
    const { data, url } = options();
    // A mistyped directory would be made, and its emptiness backed up.
    if (url === undefined && data !== undefined && !existsSync(data))
      throw new StoreError('INVALID', `--data: must be the directory of a database, and there is no ${data}`);
    const { progress, end } = progressBar('backing up');
    const report = await withDatabase(options(), (database) =>
      backupsOf(options()).create(database, full === true ? 'full' : 'incremental', progress),
    ).finally(end);
    console.log(
      `${report.id}: ${report.rows} rows; ${report.written} parts of ${report.bytes} bytes written, ${report.reused} as before`,
    );
  });

program
  .command('verify')
  .description('read every part of a backup; the newest by default')
  .argument('[id]')
  .action(async (id?: string) => {
    const backups = backupsOf(options());
    const wanted = await chosen(backups, options().target, id);
    const { progress, end } = progressBar('verifying');
    const { parts, rows } = await backups.verify(wanted, progress).finally(end);
    console.log(`${wanted}: sound, ${parts} parts, ${rows} rows`);
  });

program
  .command('restore')
  .description('restore a backup into an empty database, and compare; the newest by default')
  .argument('[id]')
  .action(async (id?: string) => {
    const backups = backupsOf(options());
    const wanted = await chosen(backups, options().target, id);
    const { progress, end } = progressBar('restoring');
    const { tables, rows } = await withDatabase(options(), (database) =>
      backups.restore(wanted, database, progress),
    ).finally(end);
    console.log(`${wanted}: restored, ${tables} tables, ${rows} rows, the same as were backed up`);
  });

program
  .command('list')
  .description('list backups, oldest first')
  .action(async () => {
    const backups = await backupsOf(options()).list();
    if (backups.length === 0) console.log(`there is no backup in ${options().target}`);
    for (const { id, kind, base, needs, problem } of backups)
      console.log(
        problem ?? `${id}  ${kind}${base === undefined ? '' : ` on ${base}`}  needs ${new Set(needs).size - 1} others`,
      );
  });

program
  .command('prune')
  .description('remove backups beyond the retention; the newest and what it needs stay')
  .action(async () => {
    const removed = await backupsOf(options()).prune();
    console.log(removed.length === 0 ? 'nothing to remove' : `removed:\n${removed.map((id) => `  ${id}`).join('\n')}`);
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(isStoreError(error) ? error.message : error);
  process.exitCode = 1;
}
