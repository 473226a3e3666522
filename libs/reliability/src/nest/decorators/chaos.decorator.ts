import { chaosPolicy } from '../../chaos/chaos.js';
import type { ChaosOptions } from '../../chaos/chaos.options.js';
import { policyDecorator } from '../policy-decorator.js';

/** Injects faults and latency where the environment allows it. */
export const Chaos = policyDecorator<ChaosOptions>('Chaos', chaosPolicy);
