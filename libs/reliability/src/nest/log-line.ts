import { inspect } from 'node:util';

/** What a line says beside its sentence. `undefined` is left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A line of the log: loggers for people show the sentence, loggers for machines the fields. */
export class LogLine {
  constructor(
    readonly message: string,
    fields: LogFields,
  ) {
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true });
    }
  }

  /** What it says beside its sentence. */
  facts(): LogFields {
    const { message: _sentence, ...fields } = Object.fromEntries(Object.entries(this)) as Record<string, string>;
    return fields;
  }

  toString(): string {
    return this.message;
  }

  [inspect.custom](): string {
    return this.message;
  }
}
