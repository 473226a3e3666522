import type { Call } from '../core/call.js';
import type { Outcome } from '../core/outcome.js';
import type { Admission, AdmissionPolicy, AroundPolicy, Next, Permit, Policy, PolicySnapshot } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import { keyOf, type Use } from '../core/use.js';

/** What a routed policy knows of its tenants. */
export interface TenantPolicies<P extends Policy> {
  /** The policy of a tenant that has settings of its own; made on its first call. */
  of(tenant: string): P | undefined;
  /** Whether the policy of a tenant may hold callers in a queue. */
  readonly waits: boolean;
}

/** A permit from the policy of a tenant. */
class TenantPermit<P extends AdmissionPolicy> {
  constructor(
    readonly policy: P,
    readonly permit: Permit,
  ) {}
}

/** Sends calls whose key is a tenant with settings of its own to that tenant's policy, and all others to everybody's. */
export function routeTenants(everybody: Policy, tenants: TenantPolicies<Policy>): Policy {
  return everybody.kind === 'admission'
    ? new RoutedAdmission(everybody, tenants as TenantPolicies<AdmissionPolicy>)
    : new RoutedAround(everybody, tenants as TenantPolicies<AroundPolicy>);
}

class RoutedAdmission implements AdmissionPolicy {
  readonly kind = 'admission';
  readonly timed = true;
  readonly precheck: AdmissionPolicy['precheck'];
  readonly end: AdmissionPolicy['end'];

  constructor(
    private readonly everybody: AdmissionPolicy,
    private readonly tenants: TenantPolicies<AdmissionPolicy>,
  ) {
    if (everybody.precheck !== undefined) {
      this.precheck = (call, now, use) => this.#policyOf(call, use).precheck?.(call, now, use);
    }
    if (everybody.end !== undefined) {
      this.end = (permit, now) => {
        if (permit instanceof TenantPermit) (permit as TenantPermit<AdmissionPolicy>).policy.end?.(permit.permit, now);
        else this.everybody.end?.(permit, now);
      };
    }
  }

  get type(): string {
    return this.everybody.type;
  }

  get name(): string {
    return this.everybody.name;
  }

  get waits(): boolean {
    return this.everybody.waits || this.tenants.waits;
  }

  admit(call: Call, now: number, use: Use): Admission {
    const policy = this.#policyOf(call, use);
    const admission = policy.admit(call, now, use);
    if (policy === this.everybody || admission instanceof Refusal) return admission;
    if (!(admission instanceof Promise)) return new TenantPermit(policy, admission);
    return admission.then((later) => (later instanceof Refusal ? later : new TenantPermit(policy, later)));
  }

  settle(permit: Permit, outcome: Outcome, call: Call, now: number): void {
    if (permit instanceof TenantPermit) {
      (permit as TenantPermit<AdmissionPolicy>).policy.settle(permit.permit, outcome, call, now);
    } else this.everybody.settle(permit, outcome, call, now);
  }

  inspect(now: number): PolicySnapshot {
    return this.everybody.inspect(now);
  }

  reconfigure(options: never): void {
    this.everybody.reconfigure(options);
  }

  #policyOf(call: Call, use: Use): AdmissionPolicy {
    const key = keyOf(use, call, this.name);
    return (key === undefined ? undefined : this.tenants.of(key)) ?? this.everybody;
  }
}

class RoutedAround implements AroundPolicy {
  readonly kind = 'around';
  /** Counted here: a tenant whose settings are gone is not asked any more, and its calls are still under way. */
  inFlight = 0;

  constructor(
    private readonly everybody: AroundPolicy,
    private readonly tenants: TenantPolicies<AroundPolicy>,
  ) {}

  get type(): string {
    return this.everybody.type;
  }

  get name(): string {
    return this.everybody.name;
  }

  intercept(call: Call, next: Next, use: Use): unknown {
    const key = keyOf(use, call, this.name);
    const policy = (key === undefined ? undefined : this.tenants.of(key)) ?? this.everybody;
    const result = policy.intercept(call, next, use);
    if (result instanceof Promise) {
      this.inFlight += 1;
      result.then(this.#over, this.#over);
    }
    return result;
  }

  inspect(now: number): PolicySnapshot {
    return this.everybody.inspect(now);
  }

  reconfigure(options: never): void {
    this.everybody.reconfigure(options);
  }

  readonly #over = (): void => {
    this.inFlight -= 1;
  };
}
