import { Journal } from '../journal/journal.js';
import type { JournalOptions } from '../journal/journal.options.js';
import type { JournalRecord } from '../journal/record.js';
import { SlotFile } from '../journal/slot-file.js';
import {
  ORIGINAL_ID,
  type DeadLetter,
  type DeadLetterReason,
  type DeadLetters,
  type Publisher,
  type StreamMessage,
} from '../message.js';
import { DeliveryLedger, type LedgerState } from './delivery-ledger.js';

const REASON = 'dead-letter';

/** Dead letters in a journal of their own, beside the stream's. */
export class JournalDeadLetters implements DeadLetters {
  readonly #journal: Journal;
  readonly #removed: DeliveryLedger;
  readonly #slots: SlotFile<LedgerState>;
  readonly #publisher: Publisher;

  private constructor(journal: Journal, slots: SlotFile<LedgerState>, state: LedgerState, publisher: Publisher) {
    this.#journal = journal;
    this.#slots = slots;
    this.#removed = new DeliveryLedger(state);
    this.#publisher = publisher;
  }

  static async open(options: JournalOptions, publisher: Publisher): Promise<JournalDeadLetters> {
    const journal = await Journal.open(options);
    const slots = new SlotFile<LedgerState>(journal.storage, 'removed');
    const state = (await slots.load()) ?? { floor: journal.floor, done: [], deliveries: [] };
    const letters = new JournalDeadLetters(journal, slots, state, publisher);
    await journal.retain('dead letters', {
      floor: () => letters.#removed.floor,
      persist: () => slots.save(letters.#removed.state(), true),
    });
    return letters;
  }

  async add(message: StreamMessage, reason: DeadLetterReason): Promise<void> {
    const { seq, deliveries, acceptedAt } = message;
    await this.#journal.append({
      subject: message.subject,
      id: `${reason.consumer}:${seq}`,
      headers: {
        ...message.headers,
        [REASON]: JSON.stringify({ ...reason, seq, deliveries, acceptedAt, id: message.id, headers: message.headers }),
      },
      body: message.body,
    });
  }

  async #all(
    options: { limit?: number; afterSeq?: number; where?: (letter: DeadLetter) => boolean } = {},
  ): Promise<DeadLetter[]> {
    const { limit = 1_000, afterSeq = 0, where } = options;
    const reader = this.#journal.reader(Math.max(afterSeq, this.#removed.floor) + 1);
    const letters: DeadLetter[] = [];
    try {
      while (letters.length < limit) {
        const records = await reader.read(1_048_576);
        if (records.length === 0) break;
        for (const record of records) {
          if (this.#removed.isDone(record.seq) || letters.length >= limit) continue;
          const letter = toLetter(record);
          if (where === undefined || where(letter)) letters.push(letter);
        }
      }
    } finally {
      await reader.close();
    }
    return letters;
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
      await this.#remove([seq]);
    }
    return letters.length;
  }

  async discard(options: { limit?: number; where?: (letter: DeadLetter) => boolean } = {}): Promise<number> {
    const letters = await this.#all(options);
    await this.#remove(letters.map(({ seq }) => seq));
    return letters.length;
  }

  async #remove(seqs: readonly number[]): Promise<void> {
    for (const seq of seqs) this.#removed.done(seq);
    await this.#slots.save(this.#removed.state(), true);
    await this.#journal.trim();
  }

  async count(): Promise<number> {
    return (await this.#all({ limit: Infinity })).length;
  }

  close(): Promise<void> {
    return this.#journal.close();
  }
}

function toLetter(record: JournalRecord): DeadLetter {
  const kept = JSON.parse(record.headers[REASON] ?? '{}') as DeadLetterReason &
    Pick<StreamMessage, 'seq' | 'deliveries' | 'acceptedAt' | 'id' | 'headers'>;
  const { seq, deliveries, acceptedAt, id, headers, ...reason } = kept;
  return {
    ...reason,
    seq: record.seq,
    at: record.acceptedAt,
    message: { subject: record.subject, id, headers, body: record.body, seq, deliveries, acceptedAt },
  };
}
