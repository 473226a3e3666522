import type { Appended } from './journal/journal.js';

/** A message as a consumer gets it. */
export interface StreamMessage {
  readonly subject: string;
  /** What it was published under; empty when it had no id. The same message keeps it through every delivery and redrive. */
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Place in the stream. */
  readonly seq: number;
  /** 1 for the first delivery. */
  readonly deliveries: number;
  /** When the stream accepted it, in ms since 1970. */
  readonly acceptedAt: number;
}

export interface PublishOptions {
  /**
   * Identity of the message. Published again within the duplicate window it is stored once, so a publish whose outcome is
   * not known can be repeated.
   */
  id?: string;
  headers?: Readonly<Record<string, string>>;
  /** Longest time for this message, retries included, in ms. Default: the publisher's. */
  deadlineMs?: number;
}

/** Puts messages into a stream. */
export interface Publisher {
  /**
   * Resolves once the stream has the message durably, as far as the stream promises it.
   *
   * @throws StreamError `FULL`, `TOO_LARGE`, `UNAVAILABLE`, `UNKNOWN_OUTCOME` (publish again with the same id), `CLOSED`
   */
  publish(subject: string, body: Uint8Array | string, options?: PublishOptions): Promise<Appended>;
}

/** One delivery of a message, to be settled exactly once by one of the three. */
export interface Delivery {
  readonly message: StreamMessage;
  /** Done with: never again, if the stream takes notice. True when it confirmed that it did. */
  ack(): Promise<boolean>;
  /** To be delivered again, not before `delayMs`. */
  nak(delayMs: number): void;
  /** Put elsewhere: never again. */
  terminate(): Promise<void>;
  /** Still in work: do not deliver it to anybody else yet. */
  working(): void;
}

/** Where deliveries go. */
export interface DeliverySink {
  /** Resolves when at least `count` deliveries may come. */
  whenRoom(count: number): Promise<{ readonly count: number; readonly bytes: number }>;
  deliver(delivery: Delivery): void;
}

/** Where deliveries come from. One consumer each. */
export interface MessageSource {
  /** For how long a delivery is this consumer's before it goes to another, in ms; 0 when there is no other. */
  readonly ackWaitMs: number;
  /** Delivers until the signal is aborted, whatever happens to the stream meanwhile; never more than the sink has room for. */
  run(sink: DeliverySink, signal: AbortSignal): Promise<void>;
  /** As `ack` of each, where the source can do it at less cost; gives, for each, whether it was confirmed. */
  ackAll?(deliveries: readonly Delivery[]): Promise<readonly boolean[]>;
  /** Messages not yet delivered, as last known. */
  pending(): number;
  /** Times it lost the stream, or messages in it, and found them again. */
  readonly recoveries: number;
  close(): Promise<void>;
}

/** Why a message is not tried any more. */
export interface DeadLetterReason {
  readonly consumer: string;
  readonly reason: string;
  readonly errorClass: string;
}

export interface DeadLetter extends DeadLetterReason {
  /** Place among the dead letters. */
  readonly seq: number;
  readonly message: StreamMessage;
  /** When it was given up, in ms since 1970. */
  readonly at: number;
}

/** Messages that were given up, with payload and reason, until somebody looks. */
export interface DeadLetters {
  /** Keeps a message durably; the same one twice is kept once. */
  add(message: StreamMessage, reason: DeadLetterReason): Promise<void>;
  /** Oldest first. */
  list(options?: { limit?: number; afterSeq?: number }): Promise<DeadLetter[]>;
  /** Publishes dead letters again under their own subject and id, and removes them here. Gives how many. */
  redrive(options?: { limit?: number; where?: (letter: DeadLetter) => boolean }): Promise<number>;
  /** Removes dead letters for good. Gives how many. */
  discard(options?: { limit?: number; where?: (letter: DeadLetter) => boolean }): Promise<number>;
  count(): Promise<number>;
}

export interface SourceOptions {
  /** Durable name: what it is done with is remembered under it. Letters, digits, `_` and `-`. */
  consumer: string;
  /** Which subjects, with `*` for one part and `>` for the rest. Default all. */
  subjects?: string;
  /** Most deliveries that are not settled yet. */
  maxInFlight: number;
  /** Most messages asked for at once. */
  pullSize: number;
  /** For how long a delivery stays this consumer's without a sign of life, in ms. */
  ackWaitMs: number;
}

/** A durable stream of messages: JetStream, or a journal on disk. */
export interface Stream extends Publisher {
  readonly kind: 'embedded' | 'nats';
  readonly name: string;
  readonly deadLetters: DeadLetters;
  source(options: SourceOptions): Promise<MessageSource>;
  stats(): Promise<StreamStats>;
  close(): Promise<void>;
}

export interface StreamStats {
  readonly messages: number;
  readonly bytes: number;
  /** The oldest message that is kept; `lastSeq + 1` when none is. On a server everything below it is done with. */
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** The id of a message that was redriven: under its own, deduplication might have dropped it. */
export const ORIGINAL_ID = 'original-id';

const decoder = new TextDecoder();

/** The body as text. */
export const textOf = ({ body }: Pick<StreamMessage, 'body'>): string => decoder.decode(body);

/** The body as JSON. @throws SyntaxError */
export const jsonOf = <T>(message: Pick<StreamMessage, 'body'>): T => JSON.parse(textOf(message)) as T;

/**
 * Whether a subject is one that a pattern means: `*` stands for one part, `>` for the rest. Subjects that begin with `$` are
 * for those who name them so.
 */
export function subjectMatches(subject: string, pattern: string): boolean {
  if (pattern === subject) return true;
  if (subject.startsWith('$') && !pattern.startsWith('$')) return false;
  if (pattern === '>') return true;
  const parts = subject.split('.');
  const wanted = pattern.split('.');
  for (const [index, part] of wanted.entries()) {
    if (part === '>') return parts.length > index;
    if (index >= parts.length || (part !== '*' && part !== parts[index])) return false;
  }
  return parts.length === wanted.length;
}
