import { hedgePolicy } from '../../hedge/hedge.js';
import type { HedgeOptions } from '../../hedge/hedge.options.js';
import { waitingPolicyDecorator } from '../policy-decorator.js';

/** Sends another attempt when the first takes unusually long, and takes the answer that comes first. */
export const Hedge = waitingPolicyDecorator<HedgeOptions>('Hedge', hedgePolicy);
