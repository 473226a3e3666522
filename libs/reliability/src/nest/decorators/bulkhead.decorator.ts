import { bulkheadPolicy } from '../../bulkhead/bulkhead.js';
import type { BulkheadOptions } from '../../bulkhead/bulkhead.options.js';
import { policyDecorator } from '../policy-decorator.js';

/** Limits how many calls run at once. */
export const Bulkhead = policyDecorator<BulkheadOptions>('Bulkhead', bulkheadPolicy);
