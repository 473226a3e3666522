import type { Capabilities } from '../core/capabilities.js';
import { ReliabilityError } from '../core/errors.js';
import type { Admission, AdmissionPolicy, Permit, Policy } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import type { Use } from '../core/use.js';

/**
 * Keeps a mistake in a policy of somebody's own from spoiling the chain: what it throws on deciding refuses the call by
 * a clear error, what it throws on settling is announced and reaches nobody.
 */
export function guardPolicy<P extends Policy>(policy: P, capabilities: Capabilities): P {
  if (policy.kind === 'admission') guardAdmission(policy, capabilities);
  return policy;
}

function guardAdmission(policy: AdmissionPolicy, { emit, clock }: Capabilities): void {
  const admit = policy.admit.bind(policy);
  const precheck = policy.precheck?.bind(policy);
  const settle = policy.settle.bind(policy);
  const end = policy.end?.bind(policy);

  const failed = (what: string, use: Use, problem: string, cause?: unknown) =>
    new ReliabilityError(`${use.site}: ${what} of ${policy.type} "${policy.name}" ${problem}`, {
      code: 'POLICY_FAILED',
      policyType: policy.type,
      policy: policy.name,
      refused: true,
      cause,
    });
  const decided = <T>(what: string, use: Use, decide: () => T): T => {
    try {
      return decide();
    } catch (error) {
      throw failed(what, use, 'threw', error);
    }
  };
  const checked = (admission: Permit | Refusal, use: Use): Permit | Refusal => {
    const usable = typeof admission === 'number' || (typeof admission === 'object' && admission !== null);
    if (usable) return admission;
    throw failed('admit', use, `must give a number, an object or a Refusal, and gave ${String(admission)}`);
  };
  const announced = (what: string, act: () => void) => {
    try {
      act();
    } catch (error) {
      const { type, name } = policy;
      emit.emit({ type: 'custom', name: 'policy-failed', policy: name, at: clock.now(), data: { type, what, error } });
    }
  };

  policy.admit = (call, now, use): Admission => {
    const admission = decided('admit', use, () => admit(call, now, use));
    if (!(admission instanceof Promise)) return checked(admission, use);
    return admission.then(
      (later) => checked(later, use),
      (error: unknown) => {
        throw failed('admit', use, 'rejected', error);
      },
    );
  };
  if (precheck !== undefined) {
    policy.precheck = (call, now, use) => decided('precheck', use, () => precheck(call, now, use));
  }
  policy.settle = (permit, outcome, call, now) => announced('settle', () => settle(permit, outcome, call, now));
  if (end !== undefined) policy.end = (permit, now) => announced('end', () => end(permit, now));
}
