import { isRefused } from '@marketprism/reliability';

import { isStreamError } from '../errors.js';
import type { DeadLetters, Delivery, MessageSource, Stream, StreamMessage } from '../message.js';
import {
  OrderedConcurrency,
  type BatchVerdict,
  type OrderedConcurrencySnapshot,
} from '../ordered/ordered-concurrency.js';
import {
  resolveBatchWorkerOptions,
  type BatchWorkerOptions,
  type ResolvedBatchWorkerOptions,
} from './batch-worker.options.js';
import { planFailure, type FailurePlan } from './failure-plan.js';
import { isPartialFailure } from './partial-failure.js';

/** What a handler may look at besides its messages. */
export interface BatchContext {
  readonly topic: string;
  /** Aborted when the consumer stops and its time to drain is over. */
  readonly signal: AbortSignal;
}

/**
 * Handles a batch. Returning means that all of it is done and durable; throwing means that none of it may be, unless a
 * `PartialFailure` names those that are not. Whatever was handled may come again: handling must be idempotent.
 */
export type BatchHandler = (messages: readonly StreamMessage[], context: BatchContext) => Promise<void> | void;

export interface BatchWorkerSnapshot {
  readonly consumer: string;
  readonly state: 'running' | 'stopping' | 'stopped';
  readonly received: number;
  readonly redelivered: number;
  readonly batches: number;
  readonly acked: number;
  /** Acknowledged, but the stream did not confirm it: it may come again. */
  readonly ackUnconfirmed: number;
  readonly returned: number;
  readonly deadLettered: number;
  /** Batches cut in two to find what spoils them. */
  readonly isolations: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly outstanding: number;
  readonly pending: number;
  readonly recoveries: number;
  readonly queue: OrderedConcurrencySnapshot;
}

const REFUSED_WAIT_MS = 100;

/** Takes messages from a stream, hands them to a handler in batches, and settles each one. */
export class BatchWorker {
  readonly options: ResolvedBatchWorkerOptions;
  readonly #handler: BatchHandler;
  readonly #source: MessageSource;
  readonly #deadLetters: DeadLetters;
  readonly #ordered: OrderedConcurrency<Delivery>;
  readonly #outstanding = new Set<Delivery>();
  readonly #stopPulling = new AbortController();
  readonly #giveUp = new AbortController();
  readonly #failures: Record<string, number> = {};
  readonly #chance: () => number;
  #pulling: Promise<void> | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;
  #state: BatchWorkerSnapshot['state'] = 'running';
  #received = 0;
  #redelivered = 0;
  #batches = 0;
  #acked = 0;
  #ackUnconfirmed = 0;
  #returned = 0;
  #deadLettered = 0;
  #isolations = 0;

  private constructor(
    options: ResolvedBatchWorkerOptions,
    source: MessageSource,
    deadLetters: DeadLetters,
    handler: BatchHandler,
    chance: () => number,
  ) {
    this.options = options;
    this.#source = source;
    this.#deadLetters = deadLetters;
    this.#handler = handler;
    this.#chance = chance;
    this.#ordered = new OrderedConcurrency(
      {
        perTopic: options.perTopic,
        perKey: options.perKey,
        total: options.concurrency,
        maxQueued: options.maxInFlight,
        maxQueuedBytes: options.maxInFlightBytes,
        batchSize: options.batchSize,
        batchBytes: options.batchBytes,
        waitMs: options.waitMs,
      },
      (topic, deliveries) => this.#handle(topic, deliveries),
    );
  }

  /** @throws StreamError `INVALID` naming every wrong option; what the stream throws when it cannot be reached */
  static async start(
    stream: Stream,
    options: BatchWorkerOptions,
    handler: BatchHandler,
    chance: () => number = Math.random,
  ): Promise<BatchWorker> {
    const resolved = resolveBatchWorkerOptions(options);
    const source = await stream.source({
      consumer: resolved.consumer,
      subjects: resolved.subjects,
      maxInFlight: resolved.maxInFlight,
      pullSize: resolved.batchSize,
      ackWaitMs: resolved.ackWaitMs,
    });
    const worker = new BatchWorker(resolved, source, stream.deadLetters, handler, chance);
    worker.#run();
    return worker;
  }

  #run(): void {
    this.#pulling = this.#source.run(
      {
        whenRoom: async (count) => {
          const room = await this.#ordered.whenRoom(count);
          const free = this.options.maxInFlight - this.#outstanding.size;
          if (free > 0 || this.#stopPulling.signal.aborted)
            return { count: Math.min(room.count, free), bytes: room.bytes };
          await this.#whenSettled();
          return { count: Math.max(1, this.options.maxInFlight - this.#outstanding.size), bytes: room.bytes };
        },
        deliver: (delivery) => this.#receive(delivery),
      },
      this.#stopPulling.signal,
    );
    const { ackWaitMs } = this.#source;
    if (ackWaitMs > 0)
      this.#heartbeat = setInterval(() => {
        for (const delivery of this.#outstanding) delivery.working();
      }, ackWaitMs / 3);
  }

  readonly #settledListeners: (() => void)[] = [];

  #whenSettled(): Promise<void> {
    return new Promise((resolve) => this.#settledListeners.push(resolve));
  }

  #receive(delivery: Delivery): void {
    const { message } = delivery;
    this.#received += 1;
    if (message.deliveries > 1) this.#redelivered += 1;
    this.#outstanding.add(delivery);
    const { topic, key } = this.options;
    try {
      const lane = key === undefined ? `${message.seq}` : key(message);
      this.#ordered.submit(topic(message), lane, delivery, message.body.length + message.subject.length + 64);
    } catch (error) {
      if (isStreamError(error, 'CLOSED') || isStreamError(error, 'FULL')) this.#return(delivery, 0);
      else void this.#bury(delivery, `its topic or key cannot be told: ${String(error)}`, 'data');
    }
  }

  async #handle(topic: string, deliveries: readonly Delivery[]): Promise<BatchVerdict> {
    const { maxDeliveries } = this.options;
    const usual = deliveries.filter(({ message }) => message.deliveries <= maxDeliveries);
    let verdict: BatchVerdict = 'done';
    if (usual.length > 0) verdict = await this.#attempt(topic, usual);
    for (const suspect of deliveries) {
      if (suspect.message.deliveries <= maxDeliveries) continue;
      if (suspect.message.deliveries > 2 * maxDeliveries)
        await this.#bury(suspect, `delivered ${suspect.message.deliveries} times and never settled`, 'unknown');
      else await this.#attempt(topic, [suspect]);
    }
    return verdict;
  }

  async #attempt(topic: string, deliveries: readonly Delivery[]): Promise<BatchVerdict> {
    const messages = deliveries.map(({ message }) => message);
    let verdict: BatchVerdict = 'done';
    for (let attempt = 1; ; attempt += 1) {
      if (this.#giveUp.signal.aborted) {
        for (const delivery of deliveries) this.#return(delivery, 0);
        return verdict;
      }
      try {
        this.#batches += 1;
        await this.#handler(messages, { topic, signal: this.#giveUp.signal });
        await this.#ack(deliveries);
        return verdict;
      } catch (error) {
        verdict = 'dropped';
        if (isPartialFailure(error)) {
          await this.#ack(deliveries.filter(({ message }) => !error.failures.has(message)));
          for (const delivery of deliveries) {
            const failure = error.failures.get(delivery.message);
            if (failure !== undefined) await this.#settleOrRetry(topic, delivery, failure);
          }
          return verdict;
        }
        if (isRefused(error)) {
          await this.#pause(error.retryAfterMs ?? REFUSED_WAIT_MS); // our own flow control: nothing was tried
          attempt -= 1;
          continue;
        }
        const plan = this.#plan(error, attempt, deliveries);
        if (plan.kind === 'hold') await this.#pause(plan.delayMs);
        else if (plan.kind === 'isolate') return this.#isolate(topic, deliveries);
        else {
          for (const delivery of deliveries) await this.#settleFailed(delivery, error, plan);
          return verdict;
        }
      }
    }
  }

  /** One message spoils the batch: halves are tried until it stands alone. */
  async #isolate(topic: string, deliveries: readonly Delivery[]): Promise<BatchVerdict> {
    this.#isolations += 1;
    const middle = deliveries.length >> 1;
    await this.#attempt(topic, deliveries.slice(0, middle));
    await this.#attempt(topic, deliveries.slice(middle));
    return 'dropped';
  }

  async #settleOrRetry(topic: string, delivery: Delivery, error: unknown): Promise<void> {
    const plan = this.#plan(error, 1, [delivery]);
    if (plan.kind === 'hold') {
      await this.#pause(plan.delayMs);
      await this.#attempt(topic, [delivery]);
    } else if (plan.kind !== 'isolate') await this.#settleFailed(delivery, error, plan);
  }

  #plan(error: unknown, attempts: number, { length, 0: first }: readonly Delivery[]): FailurePlan {
    const classification = this.options.classify(error);
    const { errorClass } = classification;
    this.#failures[errorClass] = (this.#failures[errorClass] ?? 0) + 1;
    return planFailure(this.options.rules, {
      classification,
      attempts,
      deliveries: first?.message.deliveries ?? 1,
      messages: length,
      ordered: this.options.key !== undefined,
      chance: this.#chance(),
    });
  }

  async #settleFailed(
    delivery: Delivery,
    error: unknown,
    plan: Extract<FailurePlan, { kind: 'nak' | 'dead-letter' }>,
  ): Promise<void> {
    if (plan.kind === 'nak') this.#return(delivery, plan.delayMs);
    else
      await this.#bury(
        delivery,
        error instanceof Error ? error.message : String(error),
        this.options.classify(error).errorClass,
      );
  }

  async #bury(delivery: Delivery, reason: string, errorClass: string): Promise<void> {
    for (let attempt = 1; !this.#giveUp.signal.aborted; attempt += 1) {
      try {
        await this.#deadLetters.add(delivery.message, { consumer: this.options.consumer, reason, errorClass });
        await delivery.terminate();
        this.#deadLettered += 1;
        this.#settled(delivery);
        return;
      } catch {
        await this.#pause(Math.min(10_000, 100 * 2 ** Math.min(attempt, 10))); // kept here until it is safe there
      }
    }
    this.#return(delivery, 0);
  }

  async #ack(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const confirmed = await (this.#source.ackAll?.(deliveries) ??
      Promise.all(deliveries.map((delivery) => delivery.ack().catch(() => false))));
    for (const [index, delivery] of deliveries.entries()) {
      this.#acked += 1;
      if (confirmed[index] !== true) this.#ackUnconfirmed += 1;
      this.#settled(delivery);
    }
  }

  #return(delivery: Delivery, delayMs: number): void {
    if (!this.#outstanding.has(delivery)) return;
    this.#returned += 1;
    delivery.nak(delayMs);
    this.#settled(delivery);
  }

  #settled(delivery: Delivery): void {
    this.#outstanding.delete(delivery);
    for (const wake of this.#settledListeners.splice(0)) wake();
  }

  /** Waits, but no longer than until the consumer gives up. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#giveUp;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
    });
  }

  snapshot(): BatchWorkerSnapshot {
    return {
      consumer: this.options.consumer,
      state: this.#state,
      received: this.#received,
      redelivered: this.#redelivered,
      batches: this.#batches,
      acked: this.#acked,
      ackUnconfirmed: this.#ackUnconfirmed,
      returned: this.#returned,
      deadLettered: this.#deadLettered,
      isolations: this.#isolations,
      failures: { ...this.#failures },
      outstanding: this.#outstanding.size,
      pending: this.#source.pending(),
      recoveries: this.#source.recoveries,
      queue: this.#ordered.snapshot(),
    };
  }

  /** Resolves when everything taken so far is settled. */
  whenIdle(): Promise<void> {
    return this.#ordered.whenIdle();
  }

  /** Takes no more, returns what has not started, waits for what has (at most `drainMs`), and returns the rest. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#state = 'stopping';
    this.#stopPulling.abort();
    for (const wake of this.#settledListeners.splice(0)) wake();
    for (const delivery of this.#ordered.stop()) this.#return(delivery, 0);
    const timer = setTimeout(() => this.#giveUp.abort(), this.options.drainMs);
    const givenUp = new Promise<void>((resolve) => this.#giveUp.signal.addEventListener('abort', () => resolve()));
    await Promise.race([this.#ordered.whenIdle(), givenUp]);
    clearTimeout(timer);
    this.#giveUp.abort();
    for (const delivery of this.#outstanding) this.#return(delivery, 0);
    await this.#pulling;
    clearInterval(this.#heartbeat);
    await this.#source.close();
    this.#state = 'stopped';
  }
}
