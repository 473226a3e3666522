import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { Unsubscribe } from '../core/event-bus.js';
import type { CustomEvent, EventType, ReliabilityEvent } from '../core/events.js';
import { redactText } from '../core/redact.js';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { LogLine, type LogFields } from './log-line.js';

/** Mistakes of policies of one's own that are logged. */
const MOST_TOLD = 100;

/**
 * Writes a line for each transition, none for ordinary calls and refusals. What a circuit tries while its server stays
 * away is at level `debug`: it would go on for as long.
 */
@Injectable()
export class TransitionLogger implements OnApplicationShutdown {
  private readonly logger = new Logger('Reliability');
  private readonly told = new Set<string>();
  private readonly unsubscribe: readonly Unsubscribe[];

  constructor(private readonly manager: ReliabilityManager) {
    this.unsubscribe = [
      this.#log('circuit-breaker.transition', ({ policy, key, from, to, reason, retryAfterMs }) => ({
        level: levelOf(from, to),
        sentence: `Circuit "${policy}"${keyed(key)}: ${from} → ${to} (${reason})`,
        fields: { from, to, reason, retryAfterMs: rounded(retryAfterMs) },
      })),
      this.#log('load-balancer.endpoint', ({ policy, endpoint, change, cause, forMs }) => ({
        level: 'log',
        sentence: `Endpoint "${redactText(endpoint)}" of "${policy}": ${change} (${cause})`,
        fields: { endpoint: redactText(endpoint), change, cause, forMs: rounded(forMs) },
      })),
      this.#log('load-balancer.failover', ({ policy, from, to }) => ({
        level: 'warn',
        sentence: `Balancer "${policy}": calls go to ${to} instead of ${from}`,
        fields: { from, to },
      })),
      this.#log('load-balancer.panic', ({ policy, active, healthy, total }) => ({
        level: active ? 'warn' : 'log',
        sentence: active
          ? `Balancer "${policy}": only ${healthy} of ${total} endpoints are healthy; health is disregarded`
          : `Balancer "${policy}": ${healthy} of ${total} endpoints are healthy again`,
        fields: { active, healthy, total },
      })),
      this.#log('rate-limiter.paused', ({ policy, key, forMs, reason }) => ({
        level: 'warn',
        sentence: `Limiter "${policy}"${keyed(key)}: nothing is admitted for ${Math.round(forMs)} ms (${reason})`,
        fields: { forMs: rounded(forMs), reason },
      })),
      this.#log('rate-limiter.store', ({ policy, available, fallback }) => ({
        level: available ? 'log' : 'warn',
        sentence: `Limiter "${policy}": shared state is ${available ? 'back' : `lost; meanwhile: ${fallback}`}`,
        fields: { available, fallback },
      })),
      this.#log('chaos.switched', ({ policy, on }) => ({
        level: 'warn',
        sentence: `Chaos "${policy}": switched ${on ? 'on' : 'off'}`,
        fields: { on },
      })),
      manager.on('custom', (event) => {
        if (event.name === 'policy-failed') this.#logMistake(event);
      }),
    ];
    manager.registry.factory.capabilities.emit.onListenerError = (error: unknown, event: ReliabilityEvent) => {
      this.logger.error(`A listener of "${event.type}" threw`, error instanceof Error ? error.stack : String(error));
    };
  }

  onApplicationShutdown(): void {
    for (const unsubscribe of this.unsubscribe) unsubscribe();
  }

  /** Once for each part of each policy: it may happen with every call. */
  #logMistake({ policy, data }: CustomEvent): void {
    const { type, what, error } = data as { readonly type: string; readonly what: string; readonly error: unknown };
    const sentence = `${what} of ${type} "${policy}" threw; calls go on, this is said once`;
    if (this.told.has(sentence) || this.told.size >= MOST_TOLD) return;
    this.told.add(sentence);
    this.logger.error(sentence, error instanceof Error ? error.stack : String(error));
  }

  #log<T extends EventType>(type: T, lineOf: (event: Extract<ReliabilityEvent, { type: T }>) => Line): Unsubscribe {
    return this.manager.on(type, (event) => {
      const { level, sentence, fields } = lineOf(event);
      const { policy, key } = event;
      this.logger[level](new LogLine(sentence, { event: type, policy, key, ...fields }));
    });
  }
}

interface Line {
  readonly level: 'debug' | 'log' | 'warn';
  readonly sentence: string;
  readonly fields: LogFields;
}

function levelOf(from: string, to: string): Line['level'] {
  if (to === 'half-open' || (from === 'half-open' && to === 'open')) return 'debug';
  return to === 'open' || to === 'forced-open' ? 'warn' : 'log';
}

const keyed = (key: string | undefined) => (key === undefined ? '' : ` [${key}]`);

const rounded = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms));
