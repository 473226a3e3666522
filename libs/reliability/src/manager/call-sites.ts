import type { ParsedPolicy } from '../chain/policy-set.js';
import type { OptionProblem } from '../core/option-problem.js';
import type { Policy } from '../core/policy.js';
import type { Configuration } from './configuration.js';
import { idOf } from './tenant-overrides.js';

interface PlainSite {
  readonly policies: readonly Policy[];
  readonly names: readonly string[];
}

/** What call sites rely on, and a reload therefore cannot change. */
export class CallSites {
  readonly #byName = new Map<string, string>();
  readonly #plain = new Map<string, PlainSite>();

  refer(name: string, site: string): void {
    if (!this.#byName.has(name)) this.#byName.set(name, site);
  }

  givesPlainValue(site: string, policies: readonly Policy[], names: readonly string[]): void {
    this.#plain.set(site, { policies, names });
  }

  /** What would break a call site. */
  problemsOf({ policies, tenants }: Configuration): OptionProblem[] {
    const problems: OptionProblem[] = [];
    for (const [name, site] of this.#byName) {
      if (policies.has(name)) continue;
      const rule = `is used by ${site}: to remove or rename it needs a new deployment`;
      problems.push({ path: `policies.${name}`, rule, value: undefined });
    }
    for (const [site, plain] of this.#plain) {
      for (const [name, parsed] of policies) {
        for (const { definition, options } of parsed.filter((one) => isOf(plain, name, one))) {
          const ofTenants = tenants.get(idOf(definition.type, name))?.values() ?? [];
          if (![options, ...ofTenants].some((each) => definition.waits?.(each) === true)) continue;
          const rule = `may wait, but ${site} gives a plain value: that needs a new deployment`;
          problems.push({ path: `policies.${name}.${definition.optionKey}`, rule, value: options });
        }
      }
    }
    return problems;
  }
}

function isOf({ policies, names }: PlainSite, name: string, { definition }: ParsedPolicy): boolean {
  return names.includes(name) || policies.some((policy) => policy.type === definition.type && policy.name === name);
}
