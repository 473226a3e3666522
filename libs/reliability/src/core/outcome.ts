/** How a call ended, as policies are told. Built once per attempt and shared by all of them. */
export type Outcome = Success | Failure | Ignored;

export class Success {
  readonly kind = 'success';
  constructor(
    readonly value: unknown,
    /** From admission (after every queue) to the result, in ms; 0 when no policy of the segment reads the clock. */
    readonly durationMs: number,
  ) {}
}

export class Failure {
  readonly kind = 'failure';
  constructor(
    readonly error: unknown,
    readonly durationMs: number,
  ) {}
}

/** The permit comes back with nothing learned: refused further in, abandoned by its caller, or never started. */
export class Ignored {
  readonly kind = 'ignored';
  constructor(readonly error: unknown) {}
}
