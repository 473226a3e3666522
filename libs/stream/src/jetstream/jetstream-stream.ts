import { buildChain, type ErrorClass, type StandaloneChain } from '@marketprism/reliability';
import {
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { connect, headers as natsHeaders, nanos, type NatsConnection } from '@nats-io/transport-node';

import { isStreamError, StreamError } from '../errors.js';
import type { Appended } from '../journal/journal.js';
import type { PublishOptions, SourceOptions, Stream, StreamStats } from '../message.js';
import { InFlight } from './in-flight.js';
import { JetStreamDeadLetters } from './jetstream-dead-letters.js';
import { isNotFound, publishError } from './jetstream-errors.js';
import { JetStreamSource } from './jetstream-source.js';
import { resolveJetStreamOptions, type JetStreamOptions, type ResolvedJetStreamOptions } from './jetstream.options.js';
import { serverFeatures, type ServerFeatures } from './server-features.js';

/** A stream on a NATS server, on file storage, from which a message goes only when it is done with. */
export class JetStreamStream implements Stream {
  readonly kind = 'nats';
  readonly name: string;
  readonly server: ServerFeatures;
  readonly deadLetters: JetStreamDeadLetters;
  readonly #options: ResolvedJetStreamOptions;
  readonly #connection: NatsConnection;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #inFlight: InFlight;
  readonly #chain: StandaloneChain;
  readonly #sources = new Set<JetStreamSource>();
  #ensuring: Promise<void> | undefined;
  #closed = false;

  private constructor(options: ResolvedJetStreamOptions, connection: NatsConnection, manager: JetStreamManager) {
    this.name = options.name;
    this.#options = options;
    this.#connection = connection;
    this.#client = jetstream(connection, { timeout: options.attemptMs });
    this.#manager = manager;
    this.server = serverFeatures(connection.info?.version ?? '0');
    this.#inFlight = new InFlight(options.maxInFlight);
    this.#chain = buildChain({
      name: `publish ${options.name}`,
      deadline: { limitMs: options.deadlineMs },
      retry: {
        attempts: 1_000_000,
        backoff: { kind: 'exponential', baseMs: 50, capMs: 1_000 },
        budget: false,
        rules: [classOfStreamError],
        expectedLatency: 0,
      },
    });
    this.deadLetters = new JetStreamDeadLetters(this.#client, manager, this.name, this, options.attemptMs);
  }

  /**
   * Connects, and makes the stream where it is not there yet.
   *
   * @throws StreamError `UNAVAILABLE` (no server within `connectMs`, or one without JetStream), `INVALID` (options)
   */
  static async open(options: JetStreamOptions): Promise<JetStreamStream> {
    const resolved = resolveJetStreamOptions(options);
    const { servers, user, password, token, name } = resolved;
    const connection = await connectWithin(resolved.connectMs, {
      servers,
      user,
      pass: password,
      token,
      name,
      timeout: resolved.attemptMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      reconnectJitter: 100,
      pingInterval: 1_000, // a server that hangs is noticed within three seconds
      maxPingOut: 2,
    });
    try {
      const manager = await jetstreamManager(connection, { timeout: resolved.attemptMs });
      const stream = new JetStreamStream(resolved, connection, manager);
      await stream.#ensure();
      return stream;
    } catch (error) {
      await connection.close();
      if (isStreamError(error)) throw error;
      throw new StreamError('UNAVAILABLE', `JetStream at ${String(servers)}: ${messageOf(error)}`, { cause: error });
    }
  }

  #ensure(): Promise<void> {
    this.#ensuring ??= this.#ensureStreams().finally(() => (this.#ensuring = undefined));
    return this.#ensuring;
  }

  async #ensureStreams(): Promise<void> {
    const { name, maxBytes, duplicateWindowMs, replicas, deadLetterMaxBytes } = this.#options;
    try {
      await this.#manager.streams.info(name);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.#manager.streams.add({
        name,
        subjects: [`${name}.>`],
        storage: StorageType.File,
        retention: RetentionPolicy.Workqueue,
        discard: DiscardPolicy.New, // a full stream refuses; it never drops what it has accepted
        max_bytes: maxBytes,
        duplicate_window: nanos(duplicateWindowMs),
        num_replicas: replicas,
      });
    }
    await this.deadLetters.ensure(deadLetterMaxBytes, replicas);
  }

  async publish(subject: string, body: Uint8Array | string, options: PublishOptions = {}): Promise<Appended> {
    if (this.#closed) throw new StreamError('CLOSED', `stream ${this.name} is closed`);
    const to = `${this.name}.${subject}`;
    const headers = natsHeaders();
    for (const [key, value] of Object.entries(options.headers ?? {})) headers.set(key, value);
    const send = async (): Promise<Appended> => {
      try {
        const { seq, duplicate } = await this.#client.publish(to, body, {
          ...(options.id !== undefined && options.id !== '' && { msgID: options.id }),
          ...(options.headers !== undefined && { headers }),
          timeout: this.#options.attemptMs,
        });
        return { seq, duplicate };
      } catch (error) {
        const known = publishError(error, to);
        if (known.code === 'UNAVAILABLE') await this.#ensure().catch(() => undefined);
        throw known;
      }
    };
    // Without an id a second attempt could store the message twice.
    const idempotent = options.id !== undefined && options.id !== '';
    return this.#inFlight.run(async () => {
      try {
        return await this.#chain.execute(send, {
          idempotent,
          deadlineMs: options.deadlineMs ?? this.#options.deadlineMs,
        });
      } catch (error) {
        if (isStreamError(error)) throw error;
        throw new StreamError('UNKNOWN_OUTCOME', `publishing to ${to}: ${messageOf(error)}`, {
          cause: error,
          outcomeUnknown: true,
        });
      }
    });
  }

  async source(options: SourceOptions): Promise<JetStreamSource> {
    const source = new JetStreamSource(
      {
        connection: this.#connection,
        client: this.#client,
        manager: this.#manager,
        stream: this.name,
        ensureStream: () => this.#ensure(),
        attemptMs: this.#options.attemptMs,
      },
      options,
    );
    await source.ensure();
    this.#sources.add(source);
    return source;
  }

  async stats(): Promise<StreamStats> {
    const { state } = await this.#manager.streams.info(this.name);
    return { messages: state.messages, bytes: state.bytes, firstSeq: state.first_seq, lastSeq: state.last_seq };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const source of this.#sources) await source.close();
    this.#chain.close();
    await this.#connection.drain().catch(() => this.#connection.close());
  }
}

const CLASSES: Partial<Record<StreamError['code'], ErrorClass>> = {
  UNAVAILABLE: 'network',
  UNKNOWN_OUTCOME: 'timeout',
  FULL: 'rateLimit',
  TOO_LARGE: 'client',
  INVALID: 'client',
};

/** What kind of failure a stream's error is, for retries. */
function classOfStreamError(error: unknown): { errorClass: ErrorClass; neverSent?: boolean } | undefined {
  if (!isStreamError(error)) return undefined;
  const errorClass = CLASSES[error.code];
  return errorClass === undefined ? undefined : { errorClass, neverSent: !error.outcomeUnknown };
}

async function connectWithin(ms: number, options: Parameters<typeof connect>[0]): Promise<NatsConnection> {
  const until = performance.now() + ms;
  for (;;) {
    try {
      return await connect(options);
    } catch (error) {
      if (performance.now() >= until)
        throw new StreamError(
          'UNAVAILABLE',
          `no NATS server at ${String(options?.servers)} within ${ms} ms: ${messageOf(error)}`,
          {
            cause: error,
          },
        );
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
