import { type PolicySnapshot, systemClock } from '@marketprism/reliability';
import type { Collector } from '../collect/collector.js';
import type { Storage } from '../storage/storage.js';

/** What alerts see of the collector beside its policies; nothing until the application is put together. */
export class CollectorFigures {
  readonly #startedAt = systemClock.wallNow();
  #parts: { readonly collector: Collector; readonly storage: Storage } | undefined;

  of(collector: Collector, storage: Storage): this {
    this.#parts = { collector, storage };
    return this;
  }

  /** The lists of every venue, the consumer that stores, and the tables that it stores in. */
  readonly read = (): readonly PolicySnapshot[] => {
    if (this.#parts === undefined) return [];
    const { collector, storage } = this.#parts;
    const { consumer, redundant } = storage.inspect();
    return [
      ...this.#lists(collector),
      { type: 'stream-consumer', name: consumer.consumer, ...consumer },
      {
        type: 'collector-store',
        name: 'tables',
        failing: storage.pipeline.snapshot().failing !== undefined,
        nodes: redundant?.nodes.map(({ name, behind }) => ({ id: name, behind })) ?? [],
      },
    ];
  };

  #lists({ pollers }: Collector): PolicySnapshot[] {
    const now = systemClock.wallNow();
    return pollers.map(({ settings, list, status }) => ({
      type: 'collector-list',
      name: `${settings.venue.id}/${list}`,
      // What never answered has been silent since the start.
      answerAgeMs: Math.max(0, now - (status.lastGoodAt ?? this.#startedAt)),
      rows: status.rows,
      rejected: status.rejected,
    }));
  }
}
