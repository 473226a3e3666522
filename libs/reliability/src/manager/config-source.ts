/** Sets one option whatever the sources below it say, for as long as they go on saying what they said. */
export interface ConfigurationOverride {
  /** Keys from the top: `['policies', 'okx', 'retry', 'attempts']`. */
  readonly path: readonly string[];
  /** The value; `null` removes what is there. */
  readonly value: unknown;
  /**
   * Digest of what the sources below said when this was set. Once they say something else here, theirs is the later
   * word and holds.
   */
  readonly over: string;
}

/** What a source holds at a time. Everything in it is untrusted until it has been checked. */
export interface SourcedConfig {
  /** `{ defaults, policies, tenants }`, any of them left out. Later sources win over earlier ones, option by option. */
  readonly config: unknown;
  /** Single options set while running, by the admin API or by code; only in a source that can {@link ConfigSource.save}. */
  readonly overrides?: readonly ConfigurationOverride[];
  /** Who changed it last, where the source knows. */
  readonly who?: string;
  readonly why?: string;
  /** How the source itself tells its states apart. */
  readonly revision?: string;
}

/** Told by a source what becomes of it. */
export interface SourceWatcher {
  /** It holds this now; `undefined`: nothing any more. */
  changed(config: SourcedConfig | undefined): void;
  /** It cannot be read, or what it holds cannot be made sense of. What it held before goes on being used. */
  failed(error: unknown): void;
}

/** Ends a subscription. Ending twice does nothing. */
export type StopWatching = () => void | Promise<void>;

/**
 * Where configuration comes from: a file, Redis, NATS, the admin API. What several sources say is laid over the
 * configuration in the code in the order in which they are given.
 */
export interface ConfigSource {
  /** Shown in versions, events and problems: `file config/reliability.yaml`. No secret may be in it. */
  readonly name: string;
  /** Whether the application must not start without it. Default false: it starts with what the others say. */
  readonly required?: boolean;
  /**
   * What it holds now; `undefined` for nothing.
   * @throws as a rejection when it cannot be read
   */
  load(): Promise<SourcedConfig | undefined>;
  /** Reports every later state, the last one at least. Does not report what {@link load} gave. Must not throw. */
  watch(watcher: SourceWatcher): StopWatching;
  /**
   * Only in sources that can be written: replaces everything held. The first such source keeps what is changed while
   * running; with one that instances share, all of them follow.
   * @param expected the revision that is to be replaced; `undefined` for none
   * @returns the new revision
   * @throws ConfigConflictError as a rejection when another state than the expected one is held
   */
  save?(next: SourcedConfig, expected: string | undefined): Promise<string>;
  /** Lets go of everything that {@link load} and {@link watch} took. */
  close?(): Promise<void> | void;
}

/** Somebody else has changed a source in the meantime: nothing was saved. */
export class ConfigConflictError extends Error {
  override readonly name = 'ConfigConflictError';

  constructor(source: string) {
    super(`${source} has been changed by somebody else in the meantime`);
  }
}
