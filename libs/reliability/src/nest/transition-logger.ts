import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { Unsubscribe } from '../core/event-bus.js';
import type { ReliabilityEvent } from '../core/events.js';
import { ReliabilityManager } from '../manager/reliability-manager.js';

/** Writes a line for each transition, none for ordinary calls and refusals. */
@Injectable()
export class TransitionLogger implements OnApplicationShutdown {
  private readonly logger = new Logger('Reliability');
  private readonly unsubscribe: readonly Unsubscribe[];

  constructor(manager: ReliabilityManager) {
    this.unsubscribe = [
      manager.on('circuit-breaker.transition', (event) => {
        const key = event.key === undefined ? '' : ` [${event.key}]`;
        const line = `Circuit "${event.policy}"${key}: ${event.from} → ${event.to} (${event.reason})`;
        if (event.to === 'open' || event.to === 'forced-open') this.logger.warn(line);
        else this.logger.log(line);
      }),
      manager.on('load-balancer.endpoint', (event) => {
        const cause = event.cause === undefined ? '' : ` (${event.cause})`;
        this.logger.log(`Endpoint "${event.endpoint}" of "${event.policy}": ${event.change}${cause}`);
      }),
    ];
    manager.registry.factory.capabilities.emit.onListenerError = (error: unknown, event: ReliabilityEvent) => {
      this.logger.error(`A listener of "${event.type}" threw`, error instanceof Error ? error.stack : String(error));
    };
  }

  onApplicationShutdown(): void {
    for (const unsubscribe of this.unsubscribe) unsubscribe();
  }
}
