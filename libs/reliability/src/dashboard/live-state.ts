import type { Unsubscribe } from '../core/event-bus.js';
import type { ReliabilityManager } from '../manager/reliability-manager.js';
import { scoreSystem } from '../manager/health-score.js';
import type { Parts } from './delta.js';
import type { LiveSource } from './live-stream.js';
import { pageParts } from './page-parts.js';
import { Timeline } from './timeline.js';
import { TIMELINE_EVENTS, timelineEntry } from './timeline-entry.js';
import type { AlertPart, TimelineEntry } from './wire.js';

/** What the page shows, taken from the manager and from transitions as they happen. */
export class LiveState implements LiveSource {
  readonly since: number;
  readonly #timeline = new Timeline();
  readonly #unsubscribe: readonly Unsubscribe[];

  constructor(
    private readonly manager: ReliabilityManager,
    private readonly alerts: () => readonly AlertPart[],
    onEntry: (entry: TimelineEntry) => void,
  ) {
    this.since = Math.round(manager.registry.factory.capabilities.clock.now());
    this.#unsubscribe = TIMELINE_EVENTS.map((type) =>
      manager.on(type, (event) => {
        const entry = timelineEntry(event);
        if (entry === undefined) return;
        this.#timeline.add(entry);
        onEntry(entry);
      }),
    );
  }

  parts(now: number): Parts {
    const snapshots = this.manager.inspect();
    return pageParts({ snapshots, health: scoreSystem(snapshots), alerts: this.alerts() }, now);
  }

  history(): readonly TimelineEntry[] {
    return this.#timeline.entries();
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }
}
