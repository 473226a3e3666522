import { type DynamicModule, Inject, Injectable, Module, type OnApplicationShutdown, Optional } from '@nestjs/common';
import type { Unsubscribe } from '../core/event-bus.js';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { CallTracing, type TracingOptions } from './call-tracing.js';

const TRACING_OPTIONS = Symbol('TRACING_OPTIONS');

/**
 * Gives every protected call of an application a span, from now on.
 * @returns ends it
 */
export function traceCalls(manager: ReliabilityManager, options?: TracingOptions): Unsubscribe {
  const tracing = new CallTracing(options);
  const endings = [manager.registry.instrument(tracing), tracing.follow(manager.registry.factory.capabilities.emit)];
  return () => {
    for (const end of endings) end();
  };
}

/** Traces the calls of the application that provides it. */
@Injectable()
export class ReliabilityTracing implements OnApplicationShutdown {
  readonly #end: Unsubscribe;

  constructor(manager: ReliabilityManager, @Optional() @Inject(TRACING_OPTIONS) options?: TracingOptions) {
    this.#end = traceCalls(manager, options);
  }

  onApplicationShutdown(): void {
    this.#end();
  }
}

/**
 * A span for every protected call, through `@opentelemetry/api`. Import it beside `ReliabilityModule.forRoot()`; the SDK,
 * its context manager and its exporter stay with the application.
 */
@Module({ providers: [ReliabilityTracing] })
export class ReliabilityTracingModule {
  static register(options: TracingOptions): DynamicModule {
    return { module: ReliabilityTracingModule, providers: [{ provide: TRACING_OPTIONS, useValue: options }] };
  }
}
