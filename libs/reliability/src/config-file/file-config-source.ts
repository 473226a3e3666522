import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, relative, resolve } from 'node:path';
import { watch } from 'chokidar';
import { type Clock, systemClock } from '../core/clock.js';
import { InvalidOptionsError } from '../core/errors.js';
import type { Timer } from '../core/timer.js';
import type { ConfigSource, SourcedConfig, SourceWatcher, StopWatching } from '../manager/config-source.js';
import { parseConfig } from './parse-config.js';

export interface FileConfigSourceOptions {
  /** Whether the application must not start without it. Default true. */
  readonly required?: boolean;
  /** Ms for which the file has to stay the same before it is read; default 100. */
  readonly settleMs?: number;
  /** Ms between two looks where the file system announces nothing; default 10,000. */
  readonly everyMs?: number;
  /** Longest file, in bytes; default 1,000,000. */
  readonly maxBytes?: number;
  readonly clock?: Clock;
}

/**
 * A configuration in a YAML or JSON file. The folder is watched, not the file: a file that is replaced by renaming
 * another, or by changing a link on the way to it as Kubernetes does, is another file.
 */
export class FileConfigSource implements ConfigSource {
  readonly name: string;
  readonly required: boolean;
  readonly #path: string;
  readonly #settleMs: number;
  readonly #everyMs: number;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  /** Revision or problem that was reported last. */
  #reported = '';

  constructor(
    path: string,
    {
      required = true,
      settleMs = 100,
      everyMs = 10_000,
      maxBytes = 1_000_000,
      clock = systemClock,
    }: FileConfigSourceOptions = {},
  ) {
    this.#path = resolve(path);
    const shown = relative(process.cwd(), this.#path);
    this.name = `file ${shown.startsWith('..') ? this.#path : shown}`;
    this.required = required;
    this.#settleMs = settleMs;
    this.#everyMs = everyMs;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  /** @throws InvalidOptionsError as a rejection when the file is too long, or no YAML or JSON */
  async load(): Promise<SourcedConfig> {
    const { size } = await stat(this.#path);
    if (size > this.#maxBytes) {
      throw new InvalidOptionsError([
        { path: this.name, rule: `must be at most ${this.#maxBytes} bytes long`, value: size },
      ]);
    }
    const text = await readFile(this.#path, 'utf8');
    const revision = createHash('sha256').update(text).digest('hex').slice(0, 16);
    this.#reported = revision;
    return { config: parseConfig(basename(this.#path), text), revision };
  }

  watch(watcher: SourceWatcher): StopWatching {
    let timer: Timer | undefined;
    let dueAt = Infinity;
    let stopped = false;
    /** Something has happened since the last look began. */
    let stirred = false;
    let seen = '';
    const plan = (ms: number): void => {
      const at = this.#clock.now() + ms;
      // A folder in which something always happens must not put off the look for ever.
      if (stopped || dueAt <= at) return;
      timer?.cancel();
      dueAt = at;
      timer = this.#clock.schedule(ms, () => void look());
    };
    const look = async (): Promise<void> => {
      dueAt = Infinity;
      stirred = false;
      const signature = await this.#signature();
      const settled = signature === seen;
      seen = signature;
      if (settled) await this.#report(watcher, () => stopped);
      plan(settled && !stirred ? this.#everyMs : this.#settleMs);
    };
    const folder = watch(dirname(this.#path), { depth: 0, followSymlinks: false, ignoreInitial: true });
    folder.on('all', () => {
      stirred = true;
      plan(this.#settleMs);
    });
    folder.on('error', (error) => {
      if (!stopped) watcher.failed(error);
    });
    plan(this.#settleMs);
    return async () => {
      stopped = true;
      timer?.cancel();
      await folder.close();
    };
  }

  /** Tells two states of the file apart, links on the way included. */
  async #signature(): Promise<string> {
    try {
      const { ino, size, mtimeMs, ctimeMs } = await stat(this.#path);
      return [ino, size, mtimeMs, ctimeMs].join(' ');
    } catch (error) {
      return String(error);
    }
  }

  async #report(watcher: SourceWatcher, stopped: () => boolean): Promise<void> {
    const before = this.#reported;
    try {
      const sourced = await this.load();
      if (!stopped() && sourced.revision !== before) watcher.changed(sourced);
    } catch (error) {
      const problem = `${this.#reported} ${String(error)}`;
      this.#reported = problem;
      if (!stopped() && problem !== before) watcher.failed(error);
    }
  }
}
