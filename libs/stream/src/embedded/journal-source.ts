import { StreamError } from '../errors.js';
import type { Journal } from '../journal/journal.js';
import type { JournalRecord } from '../journal/record.js';
import { SlotFile } from '../journal/slot-file.js';
import {
  ORIGINAL_ID,
  subjectMatches,
  type Delivery,
  type DeliverySink,
  type MessageSource,
  type SourceOptions,
} from '../message.js';
import { DeliveryLedger, type LedgerState } from './delivery-ledger.js';

const READ_BYTES = 1_048_576;
const SAVE_EVERY_MS = 20;

/**
 * A consumer of a journal. What is done is written down within 20 ms of being done: a process killed in between gets those
 * messages again.
 */
export class JournalSource implements MessageSource {
  readonly ackWaitMs = 0;
  readonly recoveries = 0;
  readonly #journal: Journal;
  readonly #options: SourceOptions;
  readonly #ledger: DeliveryLedger;
  readonly #slots: SlotFile<LedgerState>;
  #leave: () => void = () => undefined;
  readonly #now: () => number;
  /** Records that are delivered or returned, so that a returned one need not be read again. */
  readonly #records = new Map<number, JournalRecord>();
  #wake: (() => void) | undefined;
  #saveTimer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(
    journal: Journal,
    options: SourceOptions,
    slots: SlotFile<LedgerState>,
    state: LedgerState,
    now: () => number,
  ) {
    this.#journal = journal;
    this.#options = options;
    this.#slots = slots;
    this.#ledger = new DeliveryLedger(state);
    this.#now = now;
  }

  static async open(journal: Journal, options: SourceOptions, now: () => number = Date.now): Promise<JournalSource> {
    const slots = new SlotFile<LedgerState>(journal.storage, `consumer-${options.consumer}`);
    const state = (await slots.load()) ?? { floor: journal.floor, done: [], deliveries: [] };
    if (state.floor > journal.lastSeq)
      throw new StreamError(
        'CORRUPT',
        `consumer ${options.consumer} is at ${state.floor}, beyond the journal's end at ${journal.lastSeq}`,
      );
    const source = new JournalSource(journal, options, slots, state, now);
    await source.#save(true);
    const { leave } = await journal.retain(`consumer ${options.consumer}`, {
      floor: () => source.#ledger.floor,
      persist: () => source.#save(true),
    });
    source.#leave = leave;
    return source;
  }

  pending(): number {
    return Math.max(0, this.#journal.lastSeq - this.#ledger.floor - this.#ledger.outstanding);
  }

  async run(sink: DeliverySink, signal: AbortSignal): Promise<void> {
    const reader = this.#journal.reader(this.#ledger.floor + 1);
    const stopListening = this.#journal.onAppend(() => this.#wake?.());
    const stop = () => this.#wake?.();
    signal.addEventListener('abort', stop);
    const pattern = this.#options.subjects ?? '>';
    let read: JournalRecord[] = [];
    let at = 0;
    try {
      while (!signal.aborted) {
        const room = await sink.whenRoom(1);
        if (signal.aborted) break;
        let count = Math.min(room.count, this.#options.pullSize);
        let { bytes } = room;
        for (const seq of this.#ledger.due(this.#now(), count)) {
          const record = this.#records.get(seq);
          if (record === undefined) continue;
          count -= 1;
          bytes -= record.body.length;
          this.#deliver(sink, record);
        }
        if (at >= read.length) {
          read = await reader.read(Math.min(READ_BYTES, Math.max(1, bytes)));
          at = 0;
        }
        for (; at < read.length && count > 0 && bytes > 0 && !signal.aborted; at += 1) {
          const record = read[at] as JournalRecord;
          if (this.#ledger.isDone(record.seq)) continue;
          if (!subjectMatches(record.subject, pattern)) this.#ledger.skip(record.seq);
          else {
            count -= 1;
            bytes -= record.body.length;
            this.#deliver(sink, record);
          }
        }
        if (read.length === 0 && reader.next > this.#journal.lastSeq) await this.#whenMore(signal);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stopListening();
      await reader.close();
    }
  }

  /** Resolves with the next append, the next returned message that is due, or the abort. */
  async #whenMore(signal: AbortSignal): Promise<void> {
    const due = this.#ledger.nextDue();
    await new Promise<void>((resolve) => {
      const timer = due === undefined ? undefined : setTimeout(resolve, Math.max(0, due - this.#now()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (signal.aborted) this.#wake();
    });
    this.#wake = undefined;
  }

  #deliver(sink: DeliverySink, record: JournalRecord): void {
    const { seq } = record;
    const deliveries = this.#ledger.deliver(seq);
    this.#records.set(seq, record);
    this.#saveSoon(); // a message that kills the process is known by its deliveries
    const finish = () => {
      this.#ledger.done(seq);
      this.#records.delete(seq);
      this.#saveSoon();
    };
    const delivery: Delivery = {
      message: { ...record, id: record.headers[ORIGINAL_ID] ?? record.id, deliveries },
      ack: async () => {
        finish();
        return true;
      },
      terminate: async () => finish(),
      nak: (delayMs) => {
        this.#ledger.return(seq, this.#now() + delayMs);
        this.#saveSoon();
        this.#wake?.();
      },
      working: () => undefined,
    };
    sink.deliver(delivery);
  }

  #saveSoon(): void {
    if (this.#closed) return;
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      this.#save(false).then(
        () => this.#journal.trim(),
        () => undefined, // written again with the next change
      );
    }, SAVE_EVERY_MS);
  }

  #save(sync: boolean): Promise<void> {
    const saved = this.#saving.then(() => this.#slots.save(this.#ledger.state(), sync));
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#saveTimer);
    await this.#save(true);
    this.#leave();
  }
}
