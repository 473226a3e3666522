import type { LateKind } from './result-kind.js';

/** The first result of a method that declared nothing, found to begin its work later. */
export class LateResult {
  constructor(
    readonly kind: LateKind,
    readonly value: object,
  ) {}
}
