import type { ConfigurationDocument } from './configuration-document.js';

/** One state of the whole configuration. */
export interface ConfigurationVersion {
  /** From 1, rising by 1 with every change that was applied. */
  readonly version: number;
  /** Ms since the Unix epoch. */
  readonly at: number;
  readonly who: string;
  readonly why: string;
  /** Name of the source that brought it: `code`, `admin`, `file …`. */
  readonly source: string;
  /**
   * Everything in force as JSON: what JSON cannot say (functions, clients, `Infinity`) is left out, and a rollback
   * leaves it as it is. It may hold the secrets that were configured: keep it as you keep them.
   */
  readonly config: ConfigurationDocument;
}

export interface ListOptions {
  /** Most entries, default 100. */
  readonly limit?: number;
  /** Only versions below this one. */
  readonly before?: number;
}

/**
 * Keeps the versions of the configuration of one instance. Instances that share a table tell theirs apart by a name of
 * their own.
 */
export interface ConfigurationHistory {
  /** @throws as a rejection when it could not be kept: it is reported, and the version stays in force */
  append(version: ConfigurationVersion): Promise<void> | void;
  /** The latest first. */
  list(options?: ListOptions): Promise<readonly ConfigurationVersion[]>;
  get(version: number): Promise<ConfigurationVersion | undefined>;
}

/** The last versions, in memory. */
export class MemoryConfigurationHistory implements ConfigurationHistory {
  readonly #versions: ConfigurationVersion[] = [];

  /** @param keep versions kept; at least 1, default 100 */
  constructor(private readonly keep = 100) {}

  append(version: ConfigurationVersion): void {
    this.#versions.push(version);
    if (this.#versions.length > this.keep) this.#versions.shift();
  }

  list({ limit = 100, before = Infinity }: ListOptions = {}): Promise<readonly ConfigurationVersion[]> {
    const found = this.#versions.filter(({ version }) => version < before);
    return Promise.resolve(found.toReversed().slice(0, limit));
  }

  get(version: number): Promise<ConfigurationVersion | undefined> {
    return Promise.resolve(this.#versions.find((kept) => kept.version === version));
  }
}
