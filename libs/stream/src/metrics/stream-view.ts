import type { BatchWorkerSnapshot } from '../consumer/batch-worker.js';
import type { Journal, JournalStats } from '../journal/journal.js';
import type { Stream, StreamStats } from '../message.js';

/** What metrics are read from. */
export interface StreamSources {
  /** The consumers, for instance `() => batchConsumers.inspect()`. */
  readonly consumers?: () => readonly BatchWorkerSnapshot[];
  readonly stream?: Stream;
}

/** What a stream says when it is asked, which may take a while. */
export interface StreamFigures extends StreamStats {
  readonly deadLetters: number;
}

/** What a scrape sees. */
export interface StreamView {
  readonly consumers: readonly BatchWorkerSnapshot[];
  readonly stream: string;
  /** As of the last time that the stream answered. */
  readonly figures: StreamFigures | undefined;
  readonly journal: JournalStats | undefined;
}

/** A stream is asked for its figures no more often, in ms: counting dead letters may read all of them. */
const ASK_EVERY_MS = 5_000;

/** Looks at a stream and its consumers. A scrape never waits for a server: it sees what the last answer said. */
export class StreamLook {
  #figures: StreamFigures | undefined;
  #asking = false;
  #askedAt = -Infinity;

  constructor(private readonly sources: StreamSources) {
    this.#ask();
  }

  look(): StreamView {
    this.#ask();
    const { consumers, stream } = this.sources;
    const journal = (stream as { readonly journal?: Journal } | undefined)?.journal;
    return {
      consumers: consumers?.() ?? [],
      stream: stream?.name ?? '',
      figures: this.#figures,
      journal: journal?.stats(),
    };
  }

  #ask(): void {
    const { stream } = this.sources;
    if (stream === undefined || this.#asking || performance.now() - this.#askedAt < ASK_EVERY_MS) return;
    this.#asking = true;
    this.#askedAt = performance.now();
    void Promise.all([stream.stats(), stream.deadLetters.count()])
      .then(
        ([stats, deadLetters]) => (this.#figures = { ...stats, deadLetters }),
        () => undefined, // what it said before still stands
      )
      .finally(() => (this.#asking = false));
  }
}
