import { mkdir, open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { AppendFile, JournalStorage, ReadFile } from './storage.js';

/** The journal's files in a directory, made when it does not exist. */
export async function fileStorage(directory: string): Promise<JournalStorage> {
  await mkdir(directory, { recursive: true });
  const path = (name: string) => join(directory, name);
  const small = new Map<string, FileHandle>();

  const missing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

  const overwritten = async (name: string): Promise<FileHandle> => {
    const known = small.get(name);
    if (known !== undefined) return known;
    const handle = await open(path(name), 'r+').catch((error: unknown) => {
      if (missing(error)) return open(path(name), 'w+');
      throw error;
    });
    small.set(name, handle);
    return handle;
  };

  return {
    list: async () => (await readdir(directory)).sort(),
    read: (name) =>
      readFile(path(name)).catch((error: unknown) => {
        if (missing(error)) return undefined;
        throw error;
      }),
    openRead: async (name) => readable(await open(path(name), 'r')),
    create: async (name) => appendable(await open(path(name), 'w'), 0),
    openAppend: async (name) => {
      const handle = await open(path(name), 'r+');
      return appendable(handle, (await handle.stat()).size);
    },
    overwrite: async (name, bytes, sync) => {
      const handle = await overwritten(name);
      await writeAll(handle, bytes, 0);
      if (sync) await handle.datasync();
    },
    remove: async (name) => {
      await small.get(name)?.close();
      small.delete(name);
      await rm(path(name), { force: true });
    },
    rename: (from, to) => rename(path(from), path(to)),
    syncDirectory: async () => {
      const handle = await open(directory, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    close: async () => {
      await Promise.all([...small.values()].map((handle) => handle.close()));
      small.clear();
    },
  };
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length)
    written += (await handle.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
}

function appendable(handle: FileHandle, start: number): AppendFile {
  let size = start;
  return {
    write: async (bytes) => {
      await writeAll(handle, bytes, size);
      size += bytes.length;
    },
    sync: () => handle.datasync(),
    truncate: async (to) => {
      await handle.truncate(to);
      size = to;
    },
    close: () => handle.close(),
  };
}

const readable = (handle: FileHandle): ReadFile => ({
  read: async (offset, length) => {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  },
  close: () => handle.close(),
});
