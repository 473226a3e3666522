import { Logger } from '@nestjs/common';
import { ReliabilityError } from '../core/errors.js';
import type { ProtectedMethod } from './protected-method.js';

/** What a protected method does on an instance that belongs to no application. */
export type UnmanagedMode = 'warn' | 'throw' | 'ignore';

let mode: UnmanagedMode = 'warn';
const warned = new WeakSet<ProtectedMethod>();
const logger = new Logger('Reliability');

/**
 * Chooses what a protected method does when its instance has no runtime, as after a plain `new`: run unprotected with
 * one warning per method (default), throw, or run silently. Such a call can see no module options, so this is a
 * setting of the process.
 */
export function onUnmanaged(chosen: UnmanagedMode): void {
  mode = chosen;
}

export function runUnmanaged(method: ProtectedMethod, self: unknown, args: unknown[]): unknown {
  if (mode === 'throw') {
    throw new ReliabilityError(problem(method), {
      code: 'UNMANAGED',
      policyType: 'nest',
      policy: method.site,
      refused: true,
    });
  }
  if (mode === 'warn' && !warned.has(method)) {
    warned.add(method);
    logger.warn(problem(method));
  }
  return method.original.apply(self, args as never[]);
}

const warnedOfPlain = new WeakSet<ProtectedMethod>();

/** Says once that a method gives plain values although something may make its callers wait. */
export function warnOfPlainResult(method: ProtectedMethod, waiting: readonly string[]): void {
  if (mode === 'ignore' || warnedOfPlain.has(method)) return;
  warnedOfPlain.add(method);
  logger.warn(`${method.site} gives a plain value, but ${waiting.join(', ')} may have to wait: make it async`);
}

function problem(method: ProtectedMethod): string {
  return (
    `${method.site} is called without protection: its instance was not made by Nest, or the application does not ` +
    'import ReliabilityModule.forRoot(). Let Nest make it, or pass it to ReliabilityRuntime.attach().'
  );
}
