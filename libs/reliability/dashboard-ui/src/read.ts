/** Reading snapshots, whose shape is each policy's own affair: what is missing reads as nothing. */
export type Fields = Readonly<Record<string, unknown>>;

export const num = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? (value as Fields[]) : []);

/** Sum over a record of counters, or a single counter. */
export const sum = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce<number>((total, count) => total + num(count), 0)
    : num(value);
