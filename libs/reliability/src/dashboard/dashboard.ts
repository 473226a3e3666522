import type { ServerResponse } from 'node:http';
import type { ReliabilityManager } from '../manager/reliability-manager.js';
import type { AlertPart } from './wire.js';
import { LiveState } from './live-state.js';
import { LiveStream } from './live-stream.js';
import type { ResolvedDashboardOptions } from './dashboard.options.js';
import { SAFE_HEADERS } from './answer.js';
import { APP_PART, type AppPart } from './wire.js';

/** What the page needs, without any framework: state, stream and who is connected. */
export class Dashboard {
  readonly #state: LiveState;
  readonly #stream: LiveStream;

  constructor(
    manager: ReliabilityManager,
    private readonly options: ResolvedDashboardOptions,
    alerts: () => readonly AlertPart[],
  ) {
    const { clock } = manager.registry.factory.capabilities;
    this.#state = new LiveState(manager, alerts, (entry) => this.#stream.note(entry));
    this.#stream = new LiveStream(this.#state, clock, {
      everyMs: options.everyMs,
      maxReaders: options.maxReaders,
    });
  }

  /** Pages that are open. */
  get readers(): number {
    return this.#stream.readers;
  }

  /**
   * Answers with the stream, until either side ends it.
   * @returns `false` when there are too many readers; nothing has been answered then
   */
  stream(raw: ServerResponse, rights: Pick<AppPart, 'mayAct' | 'whyNot'>): boolean {
    if (this.#stream.readers >= this.options.maxReaders) return false;
    raw.writeHead(200, {
      ...SAFE_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const app: AppPart = { title: this.options.title, since: this.#state.since, ...rights };
    const end = this.#stream.connect(
      { write: (text) => void raw.write(text), pending: () => raw.writableLength, end: () => raw.destroy() },
      new Map([[APP_PART, JSON.stringify(app)]]),
    );
    raw.once('close', () => end?.());
    raw.once('error', () => end?.());
    return true;
  }

  /** Shows what has just been changed without waiting for the next look. */
  refresh(): void {
    this.#stream.refresh();
  }

  close(): void {
    this.#stream.close();
    this.#state.close();
  }
}
