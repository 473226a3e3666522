/** What a NATS server can do, by its version. What it lacks is done another way, never asked for in vain. */
export interface ServerFeatures {
  readonly version: string;
  /** A reason with `term`; before 2.10 such a `term` is silently ignored and the message comes again. */
  readonly termReason: boolean;
  /** `metadata`, `compression` and several filter subjects. */
  readonly metadata: boolean;
}

export function serverFeatures(version: string): ServerFeatures {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const since210 = major > 2 || (major === 2 && minor >= 10);
  return { version, termReason: since210, metadata: since210 };
}
