import { ConfigConflictError, type ConfigSource, type SourcedConfig, type SourceWatcher } from './config-source.js';

/** Keeps a configuration in memory: what is changed while running, where no other source keeps it. */
export class MemoryConfigSource implements ConfigSource {
  #held: SourcedConfig | undefined;
  #revision = 0;
  readonly #watchers = new Set<SourceWatcher>();

  /** @param config what it holds to begin with */
  constructor(
    readonly name = 'admin',
    config?: unknown,
  ) {
    if (config !== undefined) this.#held = { config, revision: '0' };
  }

  load(): Promise<SourcedConfig | undefined> {
    return Promise.resolve(this.#held);
  }

  watch(watcher: SourceWatcher): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  save(next: SourcedConfig, expected: string | undefined): Promise<string> {
    if (this.#held?.revision !== expected) return Promise.reject(new ConfigConflictError(this.name));
    this.#revision += 1;
    const revision = String(this.#revision);
    this.#held = { ...next, revision };
    for (const watcher of this.#watchers) watcher.changed(this.#held);
    return Promise.resolve(revision);
  }
}
