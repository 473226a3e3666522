import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { StreamError } from '../errors.js';

/** Who holds a directory: the process, and when it started, since process ids are used again. */
interface Holder {
  readonly pid: number;
  readonly startedAt: string;
}

export interface DirectoryLock {
  release(): void;
}

/**
 * Takes a directory for this process. The lock of a process that has died is taken over.
 *
 * @throws StreamError `LOCKED` naming the process that has it
 */
export function lockDirectory(directory: string): DirectoryLock {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'lock');
  const own: Holder = { pid: process.pid, startedAt: startOf(process.pid) ?? '' };
  const mine = join(directory, `lock.${process.pid}.${process.hrtime.bigint()}`);
  writeFileSync(mine, JSON.stringify(own));
  try {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      try {
        linkSync(mine, path); // fails when the name exists: only one process can win
        return { release: () => rmSync(path, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = holderOf(path);
      if (holder !== undefined && isAlive(holder))
        throw new StreamError('LOCKED', `${directory}: process ${holder.pid} has it open`);
      takeAway(path, holder, mine);
    }
    throw new StreamError('LOCKED', `${directory}: other processes keep taking it`);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Removes a dead process's lock, and puts back what was removed if another process had just replaced it. */
function takeAway(path: string, dead: Holder | undefined, mine: string): void {
  const aside = `${mine}.dead`;
  try {
    renameSync(path, aside);
  } catch {
    return; // somebody else removed it
  }
  const removed = holderOf(aside);
  if (removed !== undefined && (removed.pid !== dead?.pid || removed.startedAt !== dead.startedAt)) {
    try {
      linkSync(aside, path);
    } catch {
      // a third process has it by now
    }
  }
  rmSync(aside, { force: true });
}

function holderOf(path: string): Holder | undefined {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startOf(pid);
  return now === undefined || startedAt === '' || now === startedAt;
}

/** When a process started, in ticks since boot; undefined where the system does not tell. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
