/** What an outcome means to a circuit. */
export type Verdict = Succeeded | Failed | Nothing;

export interface Succeeded {
  readonly kind: 'success';
  readonly slow: boolean;
  readonly error?: undefined;
  readonly retryAfterMs?: undefined;
  /** Opens the circuit at once when set; see {@link Failed.opens}. */
  readonly opens?: Opens;
}

export interface Failed {
  readonly kind: 'failure';
  readonly slow: boolean;
  readonly error: unknown;
  /** Wait that the other side asked for, in ms. */
  readonly retryAfterMs?: number;
  readonly opens?: Opens;
}

/** Nothing was learned: the permit comes back as if it had not been used. */
export interface Nothing {
  readonly kind: 'ignored';
}

/** An outcome that opens the circuit by itself. */
export interface Opens {
  /** For how long; the configured open time when `undefined`. */
  readonly forMs: number | undefined;
}

export const SUCCEEDED: Succeeded = Object.freeze({ kind: 'success', slow: false });
export const SUCCEEDED_SLOWLY: Succeeded = Object.freeze({ kind: 'success', slow: true });
export const IGNORED: Nothing = Object.freeze({ kind: 'ignored' });
