import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { headers as natsHeaders, type MsgHdrs } from '@nats-io/transport-node';

import {
  ORIGINAL_ID,
  type DeadLetter,
  type DeadLetterReason,
  type DeadLetters,
  type Publisher,
  type StreamMessage,
} from '../message.js';
import { isNotFound, publishError } from './jetstream-errors.js';

const REASON = 'dead-letter';

/** Dead letters in a stream of their own, `<stream>_dead`, so that they outlive the message itself. */
export class JetStreamDeadLetters implements DeadLetters {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #name: string;
  readonly #publisher: Publisher;
  readonly #attemptMs: number;

  constructor(
    client: JetStreamClient,
    manager: JetStreamManager,
    stream: string,
    publisher: Publisher,
    attemptMs: number,
  ) {
    this.#client = client;
    this.#manager = manager;
    this.#stream = stream;
    this.#name = `${stream}_dead`;
    this.#publisher = publisher;
    this.#attemptMs = attemptMs;
  }

  async ensure(maxBytes: number, replicas: number): Promise<void> {
    try {
      await this.#manager.streams.info(this.#name);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.#manager.streams.add({
        name: this.#name,
        subjects: [`dead.${this.#stream}.>`],
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.New, // a full one refuses, and the message stays where it was
        max_bytes: maxBytes,
        num_replicas: replicas,
      });
    }
  }

  async add(message: StreamMessage, reason: DeadLetterReason): Promise<void> {
    const { subject, body, seq, deliveries, acceptedAt, id, headers } = message;
    const kept = natsHeaders();
    kept.set(REASON, encode({ ...reason, seq, deliveries, acceptedAt, id, headers }));
    const to = `dead.${this.#stream}.${subject}`;
    try {
      await this.#client.publish(to, body, {
        msgID: `${reason.consumer}:${seq}`,
        headers: kept,
        timeout: this.#attemptMs,
      });
    } catch (error) {
      throw publishError(error, to);
    }
  }

  async #all(
    options: { limit?: number; afterSeq?: number; where?: (letter: DeadLetter) => boolean } = {},
  ): Promise<DeadLetter[]> {
    const { limit = 1_000, afterSeq = 0, where } = options;
    const letters: DeadLetter[] = [];
    const { state } = await this.#manager.streams.info(this.#name);
    for (let seq = Math.max(afterSeq + 1, state.first_seq); seq <= state.last_seq && letters.length < limit; seq += 1) {
      const stored = await this.#manager.streams.getMessage(this.#name, { seq }).catch((error: unknown) => {
        if (isNotFound(error)) return null;
        throw error;
      });
      if (stored === null) continue;
      const letter = this.#letter(stored);
      if (letter !== undefined && (where === undefined || where(letter))) letters.push(letter);
    }
    return letters;
  }

  #letter(stored: {
    subject: string;
    data: Uint8Array;
    header: MsgHdrs;
    seq: number;
    time: Date;
  }): DeadLetter | undefined {
    const kept = decode(stored.header.get(REASON));
    if (kept === undefined) return undefined;
    const { seq, deliveries, acceptedAt, id, headers, ...reason } = kept;
    const subject = stored.subject.slice(`dead.${this.#stream}.`.length);
    return {
      ...reason,
      seq: stored.seq,
      at: stored.time.getTime(),
      message: { subject, id, headers, body: stored.data, seq, deliveries, acceptedAt },
    };
  }

  list(options: { limit?: number; afterSeq?: number } = {}): Promise<DeadLetter[]> {
    return this.#all(options);
  }

  async redrive(options: { limit?: number; where?: (letter: DeadLetter) => boolean } = {}): Promise<number> {
    const letters = await this.#all(options);
    for (const { seq, message } of letters) {
      const { subject, body, headers, id } = message;
      await this.#publisher.publish(subject, body, {
        headers: { ...headers, [ORIGINAL_ID]: id },
        id: `redrive:${seq}:${id}`,
      });
      await this.#manager.streams.deleteMessage(this.#name, seq, false);
    }
    return letters.length;
  }

  async discard(options: { limit?: number; where?: (letter: DeadLetter) => boolean } = {}): Promise<number> {
    const letters = await this.#all(options);
    for (const { seq } of letters) await this.#manager.streams.deleteMessage(this.#name, seq, false);
    return letters.length;
  }

  async count(): Promise<number> {
    return (await this.#manager.streams.info(this.#name)).state.messages;
  }
}

type Kept = DeadLetterReason & Pick<StreamMessage, 'seq' | 'deliveries' | 'acceptedAt' | 'id' | 'headers'>;

/** A header holds one line of plain characters; a reason may hold anything. */
const encode = (kept: Kept): string => Buffer.from(JSON.stringify(kept)).toString('base64');

function decode(text: string): Kept | undefined {
  try {
    return JSON.parse(Buffer.from(text, 'base64').toString()) as Kept;
  } catch {
    return undefined;
  }
}
