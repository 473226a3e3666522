import type { Capabilities } from './capabilities.js';

/**
 * Announces that a function of the user's threw, or failed otherwise, where its call goes on without it.
 * @param what which function: `classify`
 */
export function announceMistake(
  { emit, clock }: Pick<Capabilities, 'emit' | 'clock'>,
  { type, name }: { readonly type: string; readonly name: string },
  what: string,
  error: unknown,
  call?: { readonly name: string },
): void {
  const data = { type, what, error, ...(call !== undefined && { call: call.name }) };
  emit.emit({ type: 'custom', name: 'policy-failed', policy: name, at: clock.now(), data });
}
