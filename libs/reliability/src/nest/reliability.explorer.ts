import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { InvalidOptionsError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';
import { refuse } from './decorator-arguments.js';
import { protectedMethodsOf } from './protect-method.js';
import type { ProtectedMethod } from './protected-method.js';
import type { AnyClass } from './method-types.js';
import { MODULE_OPTIONS_TOKEN, type ReliabilityModuleOptions } from './reliability.module-definition.js';
import { ReliabilityRuntime } from './reliability-runtime.js';
import { routeLimitsOf } from './route-limit.js';
import { addRouteLimitProblems } from './route-limit-problems.js';
import { type HasSlot, SLOT } from './slot.js';
import { unfilledParameters } from './unfilled-parameters.js';
import { Steering } from './steering.providers.js';

/**
 * Fills the slot of instances that injection does not reach (made by factories, given as values), and checks what the
 * decorators of every class say, before anything is called.
 */
@Injectable()
export class ReliabilityExplorer implements OnModuleInit {
  private readonly logger = new Logger('Reliability');

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly runtime: ReliabilityRuntime,
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: ReliabilityModuleOptions,
    private readonly steering: Steering,
  ) {}

  async onModuleInit(): Promise<void> {
    // What decorators name may be configured in a file alone.
    await this.steering.start();
    const methods = new Set<ProtectedMethod>();
    const unfilled = new Set<string>();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const { instance, metatype } = wrapper;
      if (isObject(instance)) this.fill(instance);
      const prototype: unknown = isObject(instance) ? Object.getPrototypeOf(instance) : metatype?.prototype;
      if (!isObject(prototype)) continue;
      for (const warning of unfilledParameters(prototype)) unfilled.add(warning);
      for (const method of protectedMethodsOf(prototype)) {
        methods.add(method);
        // Of a scoped provider there is no complete instance yet.
        const complete = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
        if (isObject(instance) && complete) checkAnswers(method, instance);
      }
    }
    this.checkRoutes();
    for (const warning of unfilled) this.logger.warn(warning);
    for (const method of methods) for (const trap of this.runtime.validate(method)) this.logger.warn(trap);
  }

  /** What the interceptor and the guard are told of handlers. */
  private checkRoutes(): void {
    const { registry } = this.runtime;
    const { handlers, routeLimit } = this.options;
    if (typeof handlers?.policy === 'string') registry.refer(handlers.policy, 'handlers.policy');
    const problems: OptionProblem[] = [];
    if (routeLimit !== undefined) addRouteLimitProblems(routeLimit, 'routeLimit', registry, problems);
    for (const { metatype } of this.discovery.getControllers()) {
      if (typeof metatype !== 'function') continue;
      for (const [site, limit] of routeLimitsOf(metatype as AnyClass)) {
        addRouteLimitProblems({ ...routeLimit, ...limit }, `@LimitRoute on ${site}`, registry, problems);
      }
    }
    if (problems.length > 0) throw new InvalidOptionsError(problems);
  }

  private fill(instance: object): void {
    try {
      if (SLOT in instance && (instance as HasSlot)[SLOT] === undefined) this.runtime.attach(instance);
    } catch {
      // A proxy that refuses to be looked at is not an instance of a protected class.
    }
  }
}

/** @throws InvalidOptionsError when a fallback names a method that the instance does not have */
function checkAnswers({ references, site }: ProtectedMethod, instance: object): void {
  for (const { decorator, options } of references.filter(({ definition }) => definition.type === 'fallback')) {
    const { method, steps } = (options ?? {}) as { readonly method?: unknown; readonly steps?: unknown };
    for (const name of [
      method,
      ...(Array.isArray(steps) ? steps.map((step: { method?: unknown }) => step.method) : []),
    ]) {
      if (typeof name !== 'string' || typeof Reflect.get(instance, name) === 'function') continue;
      refuse(`@${decorator} on ${site}`, `must name a method of ${instance.constructor.name}`, name);
    }
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
