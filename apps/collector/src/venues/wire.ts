/**
 * Reading of bodies whose numbers were quoted before anything parsed them: every scalar is a string, a boolean or null,
 * and a number's digits are the ones that were sent.
 */
export type WireObject = Readonly<Record<string, unknown>>;

/** A text, or the digits of a number; `null` for an empty one and for everything else. */
export function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Milliseconds since the epoch; `null` for an empty one and for the 0 that means "none". */
export function millis(value: unknown): number | null {
  const digits = text(value);
  if (digits === null || !/^\d{1,16}$/.test(digits)) return null;
  const time = Number(digits);
  return time === 0 ? null : time;
}

/** Seconds since the epoch, as milliseconds; a fraction of a second is kept to the millisecond. */
export function seconds(value: unknown): number | null {
  const digits = text(value);
  if (digits === null || !/^\d{1,13}(\.\d+)?$/.test(digits)) return null;
  const time = Math.round(Number(digits) * 1_000);
  return time === 0 ? null : time;
}

/** An ISO 8601 date and time, as milliseconds. */
export function isoMillis(value: unknown): number | null {
  const date = text(value);
  if (date === null || !/^\d{4}-\d{2}-\d{2}T/.test(date)) return null;
  const time = Date.parse(date);
  return Number.isNaN(time) ? null : time;
}

/** A number of hours, from a positive decimal that counts `unitsPerHour` to the hour. */
export function hours(value: unknown, unitsPerHour = 1): number | null {
  const digits = text(value);
  if (digits === null || !/^\d+(\.\d+)?$/.test(digits)) return null;
  const count = Number(digits) / unitsPerHour;
  return count > 0 ? count : null;
}

export function isObject(value: unknown): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path, `undefined` where it ends early. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (!isObject(here)) return undefined;
    here = here[key];
  }
  return here;
}

/** The objects of a list; `undefined` when it is no list, or one with something else in it. */
export function objects(value: unknown): readonly WireObject[] | undefined {
  return Array.isArray(value) && value.every(isObject) ? value : undefined;
}
