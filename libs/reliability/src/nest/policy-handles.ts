import { Inject, type Provider, Scope } from '@nestjs/common';
import type { Policy } from '../core/policy.js';
import type { PolicyOptions } from '../chain/policy-options.js';
import { BUILTIN_POLICIES } from '../chain/builtin-policies.js';
import { PolicyRegistry } from '../manager/policy-registry.js';
import type { PolicyName } from './policy-names.js';

interface Handle {
  readonly type: string;
  readonly name: string;
}

/** Handles that classes ask for, known before any module is made. */
const asked = new Map<string, Handle>();

/** Token of the policy of a type under a configured name: `getPolicyToken('circuit-breaker', 'okx')`. */
export function getPolicyToken(type: string, name: string): string {
  return `Reliability ${type} "${name}"`;
}

/** Injects the policy of a type under a configured name, for its manual controls. */
export function InjectPolicy(type: string, name: PolicyName): ParameterDecorator & PropertyDecorator {
  const token = getPolicyToken(type, name);
  asked.set(token, { type, name });
  return Inject(token);
}

const injector = (type: string) => (name: PolicyName) => InjectPolicy(type, name);

/** Injects a `CircuitBreakerHandle`. */
export const InjectCircuitBreaker = injector('circuit-breaker');
/** Injects a `RateLimiterHandle`. */
export const InjectRateLimiter = injector('rate-limiter');
/** Injects a `BulkheadHandle`. */
export const InjectBulkhead = injector('bulkhead');
/** Injects a `LoadBalancerHandle`. */
export const InjectBalancer = injector('load-balancer');
/** Injects a `RetryHandle`. */
export const InjectRetry = injector('retry');
/** Injects a `ChaosHandle`. */
export const InjectChaos = injector('chaos');

/** Providers of everything configured by name. */
export function providersOfConfigured(policies: Readonly<Record<string, PolicyOptions>>): Provider[] {
  // What is no object is reported when the policies are parsed.
  return Object.entries(policies ?? {}).flatMap(([name, options]) =>
    BUILTIN_POLICIES.filter(({ optionKey }) => Object.hasOwn(Object(options) as object, optionKey)).map(({ type }) => ({
      provide: getPolicyToken(type, name),
      inject: [PolicyRegistry],
      useFactory: (registry: PolicyRegistry) => policyOf(registry, { type, name }),
    })),
  );
}

/**
 * Providers of what classes ask for beyond `known`. They are made only where they are injected, since the classes may
 * belong to another application of the process.
 */
export function providersOfAsked(known: readonly Provider[]): Provider[] {
  const provided = new Set(known.map((provider) => (provider as { provide: unknown }).provide));
  return [...asked]
    .filter(([token]) => !provided.has(token))
    .map(([token, handle]) => ({
      provide: token,
      scope: Scope.TRANSIENT,
      inject: [PolicyRegistry],
      useFactory: (registry: PolicyRegistry) => policyOf(registry, handle),
    }));
}

function policyOf(registry: PolicyRegistry, { type, name }: Handle): Policy {
  const definition = registry.factory.definition(type);
  const token = getPolicyToken(type, name);
  if (asked.has(token)) {
    registry.refer(name, `an injected ${type}`);
    return registry.named(definition, name);
  }
  return registry.set(name).find(({ policy }) => policy.type === type)?.policy ?? registry.named(definition, name);
}
