import type { EventBus } from '../core/event-bus.js';
import type { EventType, ReliabilityEvent } from '../core/events.js';

/** Every event of a bus, in order. */
export class RecordedEvents {
  readonly all: ReliabilityEvent[] = [];

  constructor(bus: EventBus) {
    bus.onAny((event) => this.all.push(event));
  }

  of<T extends EventType>(type: T): Extract<ReliabilityEvent, { type: T }>[] {
    return this.all.filter((event) => event.type === type) as Extract<ReliabilityEvent, { type: T }>[];
  }
}
