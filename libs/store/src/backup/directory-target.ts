import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

import type { BackupTarget } from './backup-target.js';

/** Backups in a directory, which is made when it does not exist. */
export function directoryTarget(directory: string): BackupTarget {
  const root = resolve(directory);
  const path = (name: string) => join(root, ...name.split('/'));
  return {
    name: root,
    put: async (name, bytes) => {
      const to = path(name);
      const unfinished = `${to}.unfinished`;
      await mkdir(dirname(to), { recursive: true });
      const file = await open(unfinished, 'w');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, to);
      await syncDirectory(dirname(to));
    },
    get: (name) =>
      readFile(path(name)).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }),
    list: async () => {
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
        .sort();
    },
    delete: async (names) => {
      for (const name of names) await rm(path(name), { force: true });
      for (const folder of new Set(names.map((name) => dirname(path(name))))) await removeIfEmpty(folder, root);
    },
  };
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeIfEmpty(directory: string, root: string): Promise<void> {
  if (directory === root || (await readdir(directory)).length > 0) return;
  await rm(directory, { recursive: true });
  await removeIfEmpty(dirname(directory), root);
}
