import type { EventType, ReliabilityEvent } from './events.js';

/** Receives events. What it throws is reported to {@link EventBus.onListenerError} and reaches neither call nor policy. */
export type EventListener<E extends ReliabilityEvent = ReliabilityEvent> = (event: E) => void;

/** Ends a subscription. Ending twice does nothing. */
export type Unsubscribe = () => void;

/**
 * Synchronous, typed events. Policies emit after their state is committed, so a listener may call back into the
 * library and sees the new state. With no listener for a type, {@link wants} is false and nothing is built.
 */
export class EventBus {
  readonly #byType = new Map<EventType, Set<EventListener>>();
  readonly #all = new Set<EventListener>();

  constructor(
    /** Told of errors thrown by listeners; silent by default. */
    public onListenerError: (error: unknown, event: ReliabilityEvent) => void = () => undefined,
  ) {}

  /** Whether an event of this type has a listener: ask before building one on a hot path. */
  wants(type: EventType): boolean {
    return this.#all.size > 0 || this.#byType.has(type);
  }

  on<T extends EventType>(type: T, listener: EventListener<Extract<ReliabilityEvent, { type: T }>>): Unsubscribe {
    const listeners = this.#byType.get(type) ?? new Set();
    this.#byType.set(type, listeners);
    listeners.add(listener as EventListener);
    return () => {
      listeners.delete(listener as EventListener);
      if (listeners.size === 0 && this.#byType.get(type) === listeners) this.#byType.delete(type);
    };
  }

  onAny(listener: EventListener): Unsubscribe {
    this.#all.add(listener);
    return () => {
      this.#all.delete(listener);
    };
  }

  emit(event: ReliabilityEvent): void {
    const listeners = this.#byType.get(event.type);
    if (listeners !== undefined) for (const listener of Array.from(listeners)) this.#deliver(listener, event);
    if (this.#all.size > 0) for (const listener of Array.from(this.#all)) this.#deliver(listener, event);
  }

  #deliver(listener: EventListener, event: ReliabilityEvent): void {
    try {
      listener(event);
    } catch (error) {
      try {
        this.onListenerError(error, event);
      } catch {
        // The handler of failures has failed: nobody is left to tell.
      }
    }
  }
}
