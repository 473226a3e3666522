import { loadBalancerPolicy } from '../../load-balancer/load-balancer.js';
import type { LoadBalancerOptions } from '../../load-balancer/load-balancer.options.js';
import { policyDecorator } from '../policy-decorator.js';

/** Chooses an endpoint for each attempt; the method receives it through `@Endpoint()`. */
export const Balanced = policyDecorator<LoadBalancerOptions>('Balanced', loadBalancerPolicy);
