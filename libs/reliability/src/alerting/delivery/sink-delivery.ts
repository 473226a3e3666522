import { buildChain, type StandaloneChain } from '../../chain/build-chain.js';
import type { Alert } from '../../core/alert.js';
import type { Capabilities } from '../../core/capabilities.js';
import { isRefused } from '../../core/errors.js';
import { EventBus } from '../../core/event-bus.js';
import { redactText } from '../../core/redact.js';
import type { AlertSink, GroupingOptions } from '../sink.js';
import { AlertGroups, type DueNotification } from './alert-groups.js';

/** Notifications under way to one sink at a time; the others are told when one of these is over. */
const MOST_UNDER_WAY = 4;

export interface DeliveryOptions {
  /** Time for one attempt, in ms. */
  readonly timeLimitMs: number;
  /** Attempts of one delivery, the first included. */
  readonly attempts: number;
}

/** What `inspect()` shows of a sink. */
export interface SinkSnapshot {
  readonly name: string;
  /** Notifications that arrived, and that did not in spite of all attempts. */
  readonly delivered: number;
  readonly failed: number;
  /** Groups that it is to be told of, or has been and are not over. */
  readonly groups: number;
  readonly underWay: number;
  /** Alerts that found no room. */
  readonly overflowed: number;
  /** What went wrong last; `null` when the last delivery arrived. */
  readonly lastError: string | null;
  /** State of the circuit that guards it. */
  readonly circuit: string;
}

/**
 * Brings alerts to one sink under this library's own protection: time limit, retry, circuit breaker. Its events stay
 * with it: alerts about the delivery of alerts would go round in circles.
 */
export class SinkDelivery {
  readonly #groups: AlertGroups;
  readonly #chain: StandaloneChain;
  #underWay = 0;
  #delivered = 0;
  #failed = 0;
  #lastError: string | null = null;

  constructor(
    readonly sink: AlertSink,
    grouping: GroupingOptions,
    { timeLimitMs, attempts }: DeliveryOptions,
    private readonly capabilities: Capabilities,
    private readonly onFailure: (sink: string, error: unknown) => void,
  ) {
    this.#groups = new AlertGroups(sink.name, { ...grouping, ...sink.grouping });
    this.#chain = buildChain(
      {
        name: `alerts to ${sink.name}`,
        retry: { attempts, backoff: { kind: 'exponential', baseMs: 500, capMs: 10_000 }, budget: false },
        circuitBreaker: { consecutiveFailures: 5, openForMs: 30_000 },
        timeLimit: { limitMs: timeLimitMs },
      },
      { ...capabilities, emit: new EventBus() },
    );
  }

  /** Takes the alert as it is now. */
  update(alert: Alert, now: number): void {
    const { severities } = this.sink;
    if (alert.state !== 'resolved' && severities?.includes(alert.severity) === false) return;
    this.#groups.update(alert, now);
  }

  /** Sends what is due. Never throws and never waits. */
  flush(now: number): void {
    if (this.#underWay >= MOST_UNDER_WAY) return;
    for (const due of this.#groups.due(now, this.capabilities.clock.wallNow(), MOST_UNDER_WAY - this.#underWay))
      void this.#send(due);
  }

  inspect(now: number): SinkSnapshot {
    const breaker = this.#chain.policy('circuit-breaker')?.inspect(now);
    return {
      name: this.sink.name,
      delivered: this.#delivered,
      failed: this.#failed,
      groups: this.#groups.size,
      underWay: this.#underWay,
      overflowed: this.#groups.overflowed,
      lastError: this.#lastError,
      circuit: String(breaker?.['state']),
    };
  }

  close(): void {
    this.#chain.close();
  }

  async #send(due: DueNotification): Promise<void> {
    this.#underWay += 1;
    try {
      await this.#chain.execute(({ signal }) => this.sink.send(due.notification, signal), { idempotent: true });
      this.#delivered += 1;
      this.#lastError = null;
      this.#groups.delivered(due, this.capabilities.clock.now());
    } catch (error) {
      this.#groups.failed(due, this.capabilities.clock.now());
      // While its circuit is open the sink was not asked: what it said before is what is wrong.
      if (!isRefused(error)) this.#noteFailure(error);
    } finally {
      this.#underWay -= 1;
    }
  }

  #noteFailure(error: unknown): void {
    this.#failed += 1;
    this.#lastError = redactText(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    this.onFailure(this.sink.name, error);
  }
}
