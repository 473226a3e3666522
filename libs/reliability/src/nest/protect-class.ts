import type { AnyClass } from './method-types.js';
import { protectedMethodAt, protectedMethodOf, protectMethod } from './protect-method.js';
import type { ProtectedMethod } from './protected-method.js';

/** Called by Nest itself at moments of its own choosing: not work that calls anything on behalf of somebody. */
const HOOKS: ReadonlySet<PropertyKey> = new Set([
  'constructor',
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
  'afterInit',
  'handleConnection',
  'handleDisconnect',
  'configure',
]);

const exempt = new WeakMap<object, Set<PropertyKey>>();

/** Takes a method out of what a decorator on its class protects. */
export function exemptMethod(prototype: object, key: PropertyKey): void {
  const keys = exempt.get(prototype) ?? new Set();
  exempt.set(prototype, keys.add(key));
}

/**
 * Says `add` of every method of a class, inherited ones included. What a method's own decorators say takes precedence;
 * Nest's lifecycle hooks, accessors and methods marked `@Unprotected()` are left alone.
 */
export function protectClass(decorator: string, target: AnyClass, add: (method: ProtectedMethod) => void): void {
  const prototype = target.prototype as object;
  const seen = new Set<PropertyKey>();
  for (let owner: object = prototype; owner !== Object.prototype; owner = Object.getPrototypeOf(owner) as object) {
    for (const key of Reflect.ownKeys(owner)) {
      if (seen.has(key)) continue;
      seen.add(key);
      if (HOOKS.has(key) || exempt.get(owner)?.has(key) === true) continue;
      const descriptor = Object.getOwnPropertyDescriptor(owner, key)!;
      if (typeof descriptor.value !== 'function') continue;
      const own = protectedMethodAt(prototype, key);
      if (own === undefined) {
        const method = protectMethod(decorator, prototype, key, descriptor, owner);
        Object.defineProperty(prototype, key, descriptor);
        method.byClass = true;
        method.inherited = protectedMethodOf(method.original);
        addOfClass(method, add);
      } else addBelow(own, add);
    }
  }
}

/** What a base says of a method that it protects itself is in force already: the chain of the class lies around it. */
function addOfClass(method: ProtectedMethod, add: (method: ProtectedMethod) => void): void {
  add(method);
  for (let base = method.inherited; base !== undefined; base = base.inherited) method.leaveOut(base);
}

/** What the class says yields to what the method itself says. */
function addBelow(method: ProtectedMethod, add: (method: ProtectedMethod) => void): void {
  if (method.byClass) {
    addOfClass(method, add);
    return;
  }
  const ofClass = method.ofClass();
  add(ofClass);
  method.yieldFrom(ofClass);
}
