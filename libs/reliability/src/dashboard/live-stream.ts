import type { Clock } from '../core/clock.js';
import type { Timer } from '../core/timer.js';
import { deltaOf, type Parts } from './delta.js';
import { MessageText } from './message-text.js';
import type { TimelineEntry } from './wire.js';

/** Where a reader's messages go: an open answer of a server. */
export interface LiveSink {
  write(text: string): void;
  /** Bytes written that the reader has not taken yet. */
  pending(): number;
  end(): void;
}

/** What the stream shows. */
export interface LiveSource {
  parts(now: number): Parts;
  /** Transitions kept, in order. */
  history(): readonly TimelineEntry[];
}

export interface LiveStreamOptions {
  /** Between two looks at the source, in ms. Default 1,000. */
  readonly everyMs?: number;
  /** Readers at a time. Default 16. */
  readonly maxReaders?: number;
  /** A reader that has not taken this many bytes gets no more until it has; then it gets everything anew. Default 512 KiB. */
  readonly maxPendingBytes?: number;
  /** A reader that lags this long is let go, in ms. Default 30,000. */
  readonly maxLagMs?: number;
  /** Something is written at least this often, in ms. Default 10,000. */
  readonly beatEveryMs?: number;
}

/** Transitions between two looks; more of them make every reader start anew. */
const MAX_FRESH = 2_000;

interface Reader {
  readonly sink: LiveSink;
  /** Part of this reader alone, in every full message. */
  readonly own: Parts;
  laggingSince: number | undefined;
}

/**
 * Tells every reader what changed. Each message is made once and written to all who have seen what came before; one
 * that does not keep up is left out and later starts anew. Without readers nothing is looked at.
 */
export class LiveStream {
  readonly #readers = new Set<Reader>();
  readonly #options: Required<LiveStreamOptions>;
  #last: Parts = new Map();
  #fresh: TimelineEntry[] = [];
  #freshLost = false;
  #timer: Timer | undefined;
  #writtenAt = -Infinity;

  constructor(
    private readonly source: LiveSource,
    private readonly clock: Clock,
    options: LiveStreamOptions = {},
  ) {
    this.#options = {
      everyMs: 1_000,
      maxReaders: 16,
      maxPendingBytes: 512 * 1_024,
      maxLagMs: 30_000,
      beatEveryMs: 10_000,
      ...options,
    };
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** A transition that readers are told of with the next message. */
  note(entry: TimelineEntry): void {
    if (this.#readers.size === 0) return;
    if (this.#fresh.length < MAX_FRESH) this.#fresh.push(entry);
    else this.#freshLost = true;
  }

  /**
   * Adds a reader and tells it everything.
   * @returns what ends it; `undefined` when there are too many readers
   */
  connect(sink: LiveSink, own: Parts = new Map()): (() => void) | undefined {
    if (this.#readers.size >= this.#options.maxReaders) return undefined;
    if (this.#readers.size === 0) this.#writtenAt = this.clock.now();
    this.#look();
    const reader: Reader = { sink, own, laggingSince: undefined };
    this.#readers.add(reader);
    this.#tellAll(reader, this.clock.now());
    this.#plan();
    return () => this.#drop(reader);
  }

  /** Tells readers now what changed, without waiting for the next look. */
  refresh(): void {
    if (this.#readers.size > 0) this.#look();
  }

  close(): void {
    this.#timer?.cancel();
    for (const { sink } of this.#readers) sink.end();
    this.#readers.clear();
  }

  #plan(): void {
    this.#timer ??= this.clock.schedule(this.#options.everyMs, () => {
      this.#timer = undefined;
      if (this.#readers.size === 0) return;
      this.#look();
      this.#plan();
    });
  }

  #look(): void {
    const now = this.clock.now();
    const parts = this.source.parts(now);
    const delta = deltaOf(this.#last, parts);
    const log = this.#fresh;
    const anew = this.#freshLost;
    this.#last = parts;
    this.#fresh = [];
    this.#freshLost = false;
    if (this.#readers.size === 0) return;
    const quiet = delta.set === undefined && delta.gone.length === 0 && log.length === 0;
    const silent = quiet && now - this.#writtenAt < this.#options.beatEveryMs;
    if (!silent) this.#writtenAt = now;
    const text = silent ? undefined : MessageText.change(now, this.clock.wallNow(), delta, log);
    for (const reader of this.#readers) {
      if (anew || reader.laggingSince !== undefined) this.#catchUp(reader, now);
      else if (reader.sink.pending() > this.#options.maxPendingBytes) reader.laggingSince = now;
      else if (text !== undefined) reader.sink.write(text);
    }
  }

  #catchUp(reader: Reader, now: number): void {
    reader.laggingSince ??= now;
    if (reader.sink.pending() === 0) {
      reader.laggingSince = undefined;
      this.#tellAll(reader, now);
    } else if (now - reader.laggingSince >= this.#options.maxLagMs) {
      this.#drop(reader);
      reader.sink.end();
    }
  }

  #tellAll({ sink, own }: Reader, now: number): void {
    const parts = new Map([...this.#last, ...own]);
    sink.write(MessageText.everything(now, this.clock.wallNow(), parts, this.source.history()));
  }

  #drop(reader: Reader): void {
    this.#readers.delete(reader);
  }
}
