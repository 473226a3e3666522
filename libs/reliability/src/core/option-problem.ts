/** One thing wrong with the options. */
export interface OptionProblem {
  /** `policies.okx.retry.attempts` */
  readonly path: string;
  /** The rule that is broken. */
  readonly rule: string;
  /** What was given. */
  readonly value: unknown;
}
