import { coalescePolicy } from '../../coalesce/coalesce.js';
import type { CoalesceOptions } from '../../coalesce/coalesce.options.js';
import { policyDecorator } from '../policy-decorator.js';

/** Lets equal calls that are in flight at the same time share one. */
export const Coalesce = policyDecorator<CoalesceOptions>('Coalesce', coalescePolicy);
