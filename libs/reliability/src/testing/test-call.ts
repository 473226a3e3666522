import { Call } from '../core/call.js';

/** A call of nothing in particular, for driving a policy by hand. */
export function testCall(overrides: Partial<Pick<Call, 'priority' | 'deadline' | 'idempotent'>> = {}): Call {
  return Object.assign(new Call('Test.call', () => undefined, undefined, []), overrides);
}
