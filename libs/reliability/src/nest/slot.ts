import type { ProtectedMethod } from './protected-method.js';

/**
 * The property through which a protected method finds the runtime of its application. Nest fills it by injection; its
 * description is what Nest prints when it cannot.
 */
export const SLOT: unique symbol = Symbol.for('ReliabilityModule runtime (import ReliabilityModule.forRoot(...))');

const BRAND = Symbol.for('marketprism.reliability.runtime');

/** Runs the protected methods of one application. */
export interface MethodRuntime {
  invoke(method: ProtectedMethod, self: unknown, args: readonly unknown[]): unknown;
}

const ofFrozen = new WeakMap<object, MethodRuntime>();

export interface HasSlot {
  [SLOT]?: MethodRuntime;
}

/** Marks an object as a runtime, so that a mock put in the slot by a test's auto-mocker is ignored. */
export function brandRuntime(runtime: object): void {
  Object.defineProperty(runtime, BRAND, { value: true });
}

/**
 * Gives a prototype an accessor for the slot, once per hierarchy. Setting it defines a property that neither shows in
 * logs, nor is copied by spreading, nor counts in comparisons; a frozen instance is remembered aside.
 */
export function defineSlot(prototype: object): void {
  if (SLOT in prototype) return;
  Object.defineProperty(prototype, SLOT, {
    configurable: true,
    get(this: object) {
      return ofFrozen.get(this);
    },
    set(this: object, runtime: unknown) {
      if (!isRuntime(runtime)) return;
      if (Object.isExtensible(this)) {
        Object.defineProperty(this, SLOT, { value: runtime, configurable: true, writable: true });
      } else ofFrozen.set(this, runtime);
    },
  });
}

function isRuntime(value: unknown): value is MethodRuntime {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: boolean })[BRAND] === true;
}
