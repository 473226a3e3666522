import type { DynamicModule } from '@nestjs/common';
import type { Capabilities } from '../core/capabilities.js';
import type { CircuitBreaker } from '../circuit-breaker/circuit-breaker.js';
import { PolicyRegistry } from '../manager/policy-registry.js';
import { RELIABILITY_CAPABILITIES } from '../nest/reliability.constants.js';
import { ReliabilityModule } from '../nest/reliability.module.js';
import type { ReliabilityModuleOptions } from '../nest/reliability.module-definition.js';
import { testCapabilities, type TestCapabilities } from './test-capabilities.js';
import { ScriptedTarget, type Step } from './scripted-target.js';
import type { ManualClock } from './manual-clock.js';
import type { RecordedEvents } from './recorded-events.js';
import { circuitBreakerPolicy } from '../circuit-breaker/circuit-breaker.js';

/** The part of a `TestingModuleBuilder` that is needed here. */
interface ModuleBuilder {
  overrideProvider(token: unknown): { useValue(value: unknown): unknown };
}

/** A compiled testing module, or an application. */
interface ModuleHandle {
  get<T>(token: unknown, options?: { strict: boolean }): T;
}

/**
 * An application's protection under a test's control: time that moves when told to, chance from a seed, every event
 * on record.
 *
 * ```ts
 * const reliability = new ReliabilityTesting();
 * const builder = reliability.override(Test.createTestingModule({ imports: [AppModule] }));
 * const app = reliability.use(await builder.compile());
 * reliability.forceOpen('okx');
 * ```
 */
export class ReliabilityTesting {
  readonly capabilities: TestCapabilities;
  #registry: PolicyRegistry | undefined;

  /** @param seed of the random numbers */
  constructor(seed = 1) {
    this.capabilities = testCapabilities(seed);
  }

  get clock(): ManualClock {
    return this.capabilities.clock;
  }

  get events(): RecordedEvents {
    return this.capabilities.events;
  }

  /** `ReliabilityModule.forRoot(options)` under this test's control. */
  forRoot(options: ReliabilityModuleOptions = {}): DynamicModule {
    return ReliabilityModule.forRoot({ ...options, capabilities: this.#given() });
  }

  /** Puts the `ReliabilityModule` of an application under this test's control. */
  override<B extends ModuleBuilder>(builder: B): B {
    builder.overrideProvider(RELIABILITY_CAPABILITIES).useValue(this.#given());
    return builder;
  }

  /** Takes the module whose policies {@link forceOpen} and the like mean. */
  use<M extends ModuleHandle>(module: M): M {
    this.#registry = module.get<PolicyRegistry>(PolicyRegistry, { strict: false });
    return module;
  }

  /** Keeps the breaker of a configured name open, or of one of its keys, until {@link reset}. */
  forceOpen(name: string, key?: string): void {
    this.#breaker(name).forceOpen(key);
  }

  /** Closes the breaker of a configured name with nothing on record. */
  reset(name: string, key?: string): void {
    this.#breaker(name).reset(key);
  }

  /** Lets every call go past every policy, or no longer. */
  passthrough(on = true): void {
    this.#used().bypass(on);
  }

  /** A dependency that answers by a script, in this test's time. */
  target<T = unknown>(...steps: readonly Step[]): ScriptedTarget<T> {
    return new ScriptedTarget<T>(this.clock, steps);
  }

  #breaker(name: string): CircuitBreaker {
    const registry = this.#used();
    registry.assertKnown(name, 'ReliabilityTesting');
    return registry.named(circuitBreakerPolicy, name) as CircuitBreaker;
  }

  #used(): PolicyRegistry {
    if (this.#registry === undefined) throw new Error('call use(module) first, with the compiled testing module');
    return this.#registry;
  }

  #given(): Capabilities {
    const { clock, random, emit } = this.capabilities;
    return { clock, random, emit };
  }
}
