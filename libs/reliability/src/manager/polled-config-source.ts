import { type Clock, systemClock } from '../core/clock.js';
import { InvalidOptionsError } from '../core/errors.js';
import type { Timer } from '../core/timer.js';
import {
  ConfigConflictError,
  type ConfigSource,
  type SourcedConfig,
  type SourceWatcher,
  type StopWatching,
} from './config-source.js';
import { isPlainObject } from './json.js';

/** A document as a store holds it. */
export interface StoredDocument {
  readonly revision: string;
  readonly text: string;
}

/** One document in a store that instances share. */
export interface DocumentStore {
  /** @param known the revision that is known already: its text need not be given */
  read(known: string | undefined): Promise<StoredDocument | { readonly revision: string } | undefined>;
  /**
   * Replaces the document if it still has the expected revision; `undefined`: if there is none.
   * @returns the new revision; `undefined` when it has another one
   */
  write(text: string, expected: string | undefined): Promise<string | undefined>;
}

export interface PolledConfigSourceOptions {
  /** Ms between two looks; default 1,000. */
  readonly everyMs?: number;
  /** Longest wait for the store, in ms; default 2,000. */
  readonly deadlineMs?: number;
  /** Longest document, in characters; default 1,000,000. */
  readonly maxLength?: number;
  /** Whether the application must not start without it. Default false. */
  readonly required?: boolean;
  readonly clock?: Clock;
}

/**
 * A configuration in a store that instances share, looked at in intervals: nothing is missed however often the
 * connection is lost. When the store has lost the document, whoever knows it puts it back; to say nothing any more, save
 * an empty configuration.
 */
export class PolledConfigSource implements ConfigSource {
  readonly required: boolean;
  readonly #everyMs: number;
  readonly #deadlineMs: number;
  readonly #maxLength: number;
  readonly #clock: Clock;
  #known: SourcedConfig | undefined;
  #problem = '';

  constructor(
    readonly name: string,
    private readonly store: DocumentStore,
    {
      everyMs = 1_000,
      deadlineMs = 2_000,
      maxLength = 1_000_000,
      required = false,
      clock = systemClock,
    }: PolledConfigSourceOptions = {},
  ) {
    this.required = required;
    this.#everyMs = everyMs;
    this.#deadlineMs = deadlineMs;
    this.#maxLength = maxLength;
    this.#clock = clock;
  }

  /** @throws InvalidOptionsError as a rejection when the document cannot be made sense of */
  async load(): Promise<SourcedConfig | undefined> {
    const stored = await this.#inTime(this.store.read(undefined));
    this.#known = stored === undefined ? undefined : this.#parse(stored as StoredDocument);
    return this.#known;
  }

  watch(watcher: SourceWatcher): StopWatching {
    let timer: Timer | undefined;
    let stopped = false;
    const look = async (): Promise<void> => {
      try {
        const changed = await this.#changed();
        if (!stopped && (changed || this.#problem !== '')) watcher.changed(this.#known);
        this.#problem = '';
      } catch (error) {
        const problem = String(error);
        if (!stopped && problem !== this.#problem) watcher.failed(error);
        this.#problem = problem;
      }
      if (!stopped) timer = this.#clock.schedule(this.#everyMs, () => void look());
    };
    timer = this.#clock.schedule(this.#everyMs, () => void look());
    return () => {
      stopped = true;
      timer?.cancel();
    };
  }

  async save(next: SourcedConfig, expected: string | undefined): Promise<string> {
    const { config, overrides = [], who = '', why = '' } = next;
    const text = JSON.stringify({ config, overrides, who, why });
    if (text.length > this.#maxLength) throw this.#invalid(`must be at most ${this.#maxLength} characters long`);
    const revision = await this.#inTime(this.store.write(text, expected));
    if (revision === undefined) throw new ConfigConflictError(this.name);
    this.#known = { config, overrides, who, why, revision };
    return revision;
  }

  /** @returns whether something else is held than before */
  async #changed(): Promise<boolean> {
    const before = this.#known;
    const stored = await this.#inTime(this.store.read(before?.revision));
    if (this.#known !== before) return true; // saved meanwhile
    if (stored?.revision === before?.revision) return false;
    if (stored === undefined) {
      await this.save(before!, undefined).catch((error: unknown) => {
        if (!(error instanceof ConfigConflictError)) throw error;
      });
      return this.#known?.revision !== before?.revision;
    }
    this.#known = this.#parse(stored as StoredDocument);
    return true;
  }

  #parse({ text, revision }: StoredDocument): SourcedConfig {
    if (text.length > this.#maxLength) throw this.#invalid(`must be at most ${this.#maxLength} characters long`);
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      throw this.#invalid('is no JSON');
    }
    if (!isPlainObject(document)) throw this.#invalid('must be an object with config');
    const { config = {}, overrides = [], who, why } = document;
    return {
      config,
      overrides: overrides as SourcedConfig['overrides'],
      revision,
      ...(typeof who === 'string' && who !== '' && { who: who.slice(0, 200) }),
      ...(typeof why === 'string' && why !== '' && { why: why.slice(0, 1_000) }),
    };
  }

  #invalid(rule: string): InvalidOptionsError {
    return new InvalidOptionsError([{ path: this.name, rule, value: undefined }]);
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.schedule(this.#deadlineMs, () =>
        reject(new Error(`${this.name}: no answer within ${this.#deadlineMs} ms`)),
      );
      answer.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
