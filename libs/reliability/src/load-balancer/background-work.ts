import { isDeepStrictEqual } from 'node:util';
import { parseOptions } from '../core/options.js';
import type { PolicyContext } from '../core/policy.js';
import { Autoscaler, type Scalable } from './autoscaler.js';
import type { Discover } from './discover.js';
import { DiscoveryLoop } from './discovery.js';
import { dnsDiscovery } from './dns-discovery.js';
import { HealthChecker, type OnVerdict } from './health-checker.js';
import type { Instance } from './instance.js';
import type { EndpointOptions, ResolvedEndpointOptions, ResolvedLoadBalancerOptions } from './load-balancer.options.js';
import { endpointList } from './load-balancer.options.js';

/** What the work in the background may do to its balancer. */
export interface Balanced extends Scalable {
  readonly onVerdict: OnVerdict;
  discovered(endpoints: readonly ResolvedEndpointOptions[]): void;
}

/** Everything of a balancer that goes on without calls: active checks, discovery, scaling. */
export class BackgroundWork {
  #checker: HealthChecker | undefined;
  #discovery: DiscoveryLoop<EndpointOptions> | undefined;
  #autoscaler: Autoscaler | undefined;

  constructor(
    private readonly policy: string,
    private options: ResolvedLoadBalancerOptions,
    private readonly context: PolicyContext,
    private readonly balancer: Balanced,
  ) {
    this.#startChecks();
    this.#startDiscovery();
    this.#startScaling();
  }

  get checker(): HealthChecker | undefined {
    return this.#checker;
  }

  get discovery(): DiscoveryLoop<EndpointOptions> | undefined {
    return this.#discovery;
  }

  get autoscaler(): Autoscaler | undefined {
    return this.#autoscaler;
  }

  membersChanged(instances: readonly Instance[]): void {
    this.#checker?.watch(instances.filter(({ draining }) => !draining));
  }

  /** Restarts what has other options than before, and nothing else. */
  reconfigure(options: ResolvedLoadBalancerOptions): void {
    const before = this.options;
    this.options = options;
    if (!isDeepStrictEqual(before.healthCheck, options.healthCheck)) {
      this.#checker?.close();
      this.#startChecks();
    }
    if (!isDeepStrictEqual(before.discovery, options.discovery)) {
      this.#discovery?.close();
      this.#startDiscovery();
    }
    if (this.#autoscaler !== undefined && options.scaling !== undefined) this.#autoscaler.reconfigure(options.scaling);
    else if (before.scaling !== options.scaling) {
      this.#autoscaler?.close();
      this.#startScaling();
    }
  }

  close(): void {
    this.#checker?.close();
    this.#discovery?.close();
    this.#autoscaler?.close();
  }

  #startChecks(): void {
    const { healthCheck } = this.options;
    this.#checker =
      healthCheck === undefined ? undefined : new HealthChecker(healthCheck, this.context, this.balancer.onVerdict);
  }

  #startDiscovery(): void {
    const { discovery } = this.options;
    this.#discovery = undefined;
    if (discovery === undefined) return;
    const discover: Discover<EndpointOptions> = discovery.find ?? dnsDiscovery(discovery.dns!);
    this.#discovery = new DiscoveryLoop(
      discover,
      discovery,
      this.context,
      (found) => {
        const selected = discovery.select?.(found) ?? found;
        this.balancer.discovered(parseOptions(endpointList, selected, `${this.policy}.discovery`));
      },
      (error) => {
        const at = this.context.clock.now();
        this.context.emit.emit({ type: 'load-balancer.discovery-failed', policy: this.policy, at, error });
      },
    );
    this.#discovery.start();
  }

  #startScaling(): void {
    const { scaling } = this.options;
    this.#autoscaler =
      scaling === undefined ? undefined : new Autoscaler(this.policy, scaling, this.context, this.balancer);
  }
}
