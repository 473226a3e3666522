import {
  type AdmissionPolicy,
  definePolicy,
  type Outcome,
  type Permit,
  type PolicySnapshot,
  PolicyRegistry,
} from '@marketprism/reliability';
import { z } from 'zod';

/** Counts the calls that pass, and how they end. */
export class Tally implements AdmissionPolicy {
  readonly kind = 'admission';
  readonly type = 'tally';
  readonly waits = false;
  readonly timed = false;
  admitted = 0;
  readonly outcomes: string[] = [];
  ended = 0;

  constructor(readonly name: string) {}

  admit(): Permit {
    this.admitted += 1;
    return 0;
  }

  settle(_permit: Permit, outcome: Outcome): void {
    this.outcomes.push(outcome.kind);
  }

  end(): void {
    this.ended += 1;
  }

  inspect(): PolicySnapshot {
    return { type: this.type, name: this.name, admitted: this.admitted };
  }

  reconfigure(): void {}
}

/** The decorator of {@link Tally}: a policy of one's own is one class and this line. */
export const Tallied = definePolicy({
  type: 'tally',
  slot: 'circuit-breaker',
  options: z.strictObject({ label: z.string().optional() }),
  policy: Tally,
});

declare module '@marketprism/reliability' {
  interface PolicyOptions {
    readonly tally?: object;
  }
}

/** The tally of a name, in the application that `module` belongs to. */
export function tallyOf(module: { get<T>(token: unknown, options: { strict: boolean }): T }, name = 'okx'): Tally {
  return module.get<PolicyRegistry>(PolicyRegistry, { strict: false }).named(Tallied.definition, name) as Tally;
}

/** Options of a module that knows the tally by the names `okx` and `bybit`. */
export const tallied = { customPolicies: [Tallied], policies: { okx: { tally: {} }, bybit: { tally: {} } } };
