import type { Use } from '../core/use.js';
import { type ChainReference, ofCall, type PolicyReference, type ProtectedMethod } from './protected-method.js';

/** What a decorator says of how its method uses a policy. */
export function useOf(method: ProtectedMethod, { key, priority, cost }: PolicyReference | ChainReference): Use {
  const { site } = method;
  return {
    site,
    key:
      key === undefined
        ? undefined
        : (ofCall<string | number>(typeof key === 'function' ? key : () => key) as Use['key']),
    priority: typeof priority === 'function' ? ofCall(priority) : priority,
    cost: typeof cost === 'function' ? ofCall(cost) : cost,
  };
}
