export { Journal, type Appended, type JournalStats, type Retention } from './journal.js';
export type { JournalOptions } from './journal.options.js';
export { JournalReader } from './journal-reader.js';
export type { JournalEntry, JournalRecord } from './record.js';
export type { Damage } from './recovery.js';
export { SlotFile } from './slot-file.js';
