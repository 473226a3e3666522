import {
  AckPolicy,
  DeliverPolicy,
  type Consumer,
  type ConsumerMessages,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  type NextMsgRequest,
  type SeqMsgRequest,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';

import { ORIGINAL_ID, type Delivery, type DeliverySink, type MessageSource, type SourceOptions } from '../message.js';
import { isNotFound } from './jetstream-errors.js';
import { StrandedMessages } from './stranded-messages.js';

const EXPIRES_MS = 5_000;
const HEARTBEAT_MS = 500;
const RETRY_MS = [50, 100, 200, 400] as const;

interface Parts {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly stream: string;
  /** Makes the stream if it is not there. */
  readonly ensureStream: () => Promise<void>;
  readonly attemptMs: number;
}

/**
 * A durable pull consumer of a JetStream stream, made again whenever it or the stream is gone, or the stream holds what the
 * consumer is past: a new one is given all that is there.
 */
export class JetStreamSource implements MessageSource {
  readonly ackWaitMs: number;
  readonly #parts: Parts;
  readonly #options: SourceOptions;
  readonly #subject: string;
  readonly #stranded: StrandedMessages;
  #pending = 0;
  #recoveries = 0;
  #disconnects = 0;
  #stopWatching: () => void = () => undefined;
  #messages: ConsumerMessages | undefined;
  readonly #taken = new WeakMap<Delivery, JsMsg>();

  constructor(parts: Parts, options: SourceOptions) {
    this.#parts = parts;
    this.#options = options;
    this.ackWaitMs = options.ackWaitMs;
    this.#subject = `${parts.stream}.${options.subjects ?? '>'}`;
    this.#stranded = new StrandedMessages({
      ackFloor: async () => (await parts.manager.consumers.info(parts.stream, options.consumer)).ack_floor.stream_seq,
      oldest: async () => {
        const query: SeqMsgRequest & NextMsgRequest = { seq: 1, next_by_subj: this.#subject };
        return (await parts.manager.streams.getMessage(parts.stream, query))?.seq;
      },
    });
  }

  get recoveries(): number {
    return this.#recoveries;
  }

  pending(): number {
    return this.#pending;
  }

  /** Makes the consumer, or takes the one there with its bounds brought up to date. */
  async ensure(): Promise<Consumer> {
    const { manager, client, stream, ensureStream } = this.#parts;
    const { consumer: name, maxInFlight, ackWaitMs } = this.#options;
    const config = {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: maxInFlight,
      max_deliver: -1,
      ...(this.#subject !== `${stream}.>` && { filter_subject: this.#subject }),
    };
    await ensureStream();
    try {
      await manager.consumers.info(stream, name);
      await manager.consumers.update(stream, name, { ack_wait: config.ack_wait, max_ack_pending: maxInFlight });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await manager.consumers.add(stream, config);
    }
    return client.consumers.get(stream, name);
  }

  async run(sink: DeliverySink, signal: AbortSignal): Promise<void> {
    const stop = () => this.#messages?.stop();
    signal.addEventListener('abort', stop);
    this.#stopWatching = this.#pullAgainAfterReconnect();
    let failures = 0;
    let consumer: Consumer | undefined;
    try {
      while (!signal.aborted) {
        try {
          consumer ??= await this.ensure();
          const room = await sink.whenRoom(1);
          if (signal.aborted) break;
          await this.#pull(consumer, Math.min(room.count, this.#options.pullSize), sink, signal);
          if (failures > 0) this.#recoveries += 1;
          failures = 0;
          if (!signal.aborted && (await this.#stranded.found(performance.now()).catch(() => false))) {
            const { manager, stream } = this.#parts;
            await manager.consumers.delete(stream, this.#options.consumer);
            this.#recoveries += 1;
            consumer = undefined;
          }
        } catch {
          consumer = undefined; // gone, or the server is: both are made or found again
          await pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 400, signal);
          failures += 1;
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #pull(consumer: Consumer, count: number, sink: DeliverySink, signal: AbortSignal): Promise<void> {
    const messages = await consumer.fetch({ max_messages: count, expires: EXPIRES_MS, idle_heartbeat: HEARTBEAT_MS });
    this.#messages = messages;
    if (signal.aborted) messages.stop();
    try {
      // Nothing is done in this loop: while its body ran, the client would miss heartbeats and end the pull with an error.
      for await (const message of messages) {
        this.#pending = message.info.pending;
        sink.deliver(this.#delivery(message));
      }
    } finally {
      this.#messages = undefined;
    }
  }

  /** A restarted server has forgotten the pull: end it at once rather than by the heartbeats it misses. */
  #pullAgainAfterReconnect(): () => void {
    const statuses = this.#parts.connection.status();
    void (async () => {
      for await (const { type } of statuses)
        if (type === 'reconnect' || type === 'disconnect') {
          this.#messages?.stop(new Error('the connection was lost'));
          if (type === 'reconnect') this.#recoveries += 1;
          else this.#disconnects += 1;
        }
    })();
    return () => (statuses as { stop?: () => void }).stop?.();
  }

  /**
   * Acknowledges all, and waits for the confirmation of the last: on one connection the server takes them in order, so that
   * the last one's is that of all. When the connection was lost in between, it says nothing of the others.
   */
  async ackAll(deliveries: readonly Delivery[]): Promise<readonly boolean[]> {
    const { attemptMs } = this.#parts;
    const messages = deliveries.map((delivery) => this.#taken.get(delivery));
    const last = messages.pop();
    const before = this.#disconnects;
    try {
      for (const message of messages) message?.ack();
      const confirmed = (await last?.ackAck({ timeout: attemptMs })) === true;
      const all = confirmed && this.#disconnects === before;
      return deliveries.map((_, index) => (index === deliveries.length - 1 ? confirmed : all));
    } catch {
      return deliveries.map(() => false);
    }
  }

  #delivery(message: JsMsg): Delivery {
    const { attemptMs, stream } = this.#parts;
    const headers: Record<string, string> = {};
    for (const key of message.headers?.keys() ?? [])
      if (!key.startsWith('Nats-')) headers[key] = message.headers?.get(key) ?? '';
    const { streamSequence, deliveryCount, timestampNanos } = message.info;
    const delivery: Delivery = {
      message: {
        subject: message.subject.slice(stream.length + 1),
        id: headers[ORIGINAL_ID] ?? message.headers?.get('Nats-Msg-Id') ?? '',
        headers,
        body: message.data,
        seq: streamSequence,
        deliveries: deliveryCount,
        acceptedAt: Math.floor(timestampNanos / 1_000_000),
      },
      ack: () => message.ackAck({ timeout: attemptMs }),
      nak: (delayMs) => message.nak(delayMs),
      terminate: async () => message.term(),
      working: () => message.working(),
    };
    this.#taken.set(delivery, message);
    return delivery;
  }

  async close(): Promise<void> {
    this.#stopWatching();
    this.#messages?.stop();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
