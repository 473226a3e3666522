import { Inject, Optional } from '@nestjs/common';
import { InvalidOptionsError } from '../core/errors.js';
import type { AnyClass, AnyMethod } from './method-types.js';
import { parametersOf } from './method-parameters.js';
import { ProtectedMethod } from './protected-method.js';
import { RELIABILITY_RUNTIME } from './reliability.constants.js';
import { defineSlot, type HasSlot, SLOT } from './slot.js';
import { runUnmanaged } from './unmanaged.js';

const methodsByPrototype = new WeakMap<object, Map<PropertyKey, ProtectedMethod>>();
const methodsByWrapper = new WeakMap<object, ProtectedMethod>();

/**
 * The record of a decorated method: made, with its wrapper, by the first of our decorators on it, found by the others.
 * @param owner the prototype that defines the method, when a decorator on a class protects an inherited one
 * @throws InvalidOptionsError for what cannot be protected, saying what to do instead
 */
export function protectMethod(
  decorator: string,
  prototype: object,
  key: PropertyKey,
  descriptor: PropertyDescriptor | undefined,
  owner = prototype,
): ProtectedMethod {
  const original = methodToProtect(decorator, prototype, key, descriptor);
  const methods = methodsByPrototype.get(prototype) ?? new Map<PropertyKey, ProtectedMethod>();
  methodsByPrototype.set(prototype, methods);
  const known = methods.get(key);
  if (known !== undefined) return known;
  const method = new ProtectedMethod(
    prototype.constructor as AnyClass,
    prototype.constructor.name,
    String(key),
    original,
    () => parametersOf(owner, key),
    Reflect.getMetadata('design:returntype', prototype, key as string),
  );
  methods.set(key, method);
  method.wrapper = wrap(method, key);
  methodsByWrapper.set(method.wrapper, method);
  descriptor!.value = method.wrapper;
  defineSlot(prototype);
  injectRuntime(prototype);
  return method;
}

/** The record of a method that a class itself defines or protects. */
export function protectedMethodAt(prototype: object, key: PropertyKey): ProtectedMethod | undefined {
  return methodsByPrototype.get(prototype)?.get(key);
}

/** The record behind a wrapper; `undefined` for other functions. */
export function protectedMethodOf(fn: unknown): ProtectedMethod | undefined {
  return typeof fn === 'function' ? methodsByWrapper.get(fn) : undefined;
}

/** Every protected method of an instance's class and its bases. */
export function protectedMethodsOf(prototype: object): ProtectedMethod[] {
  const found: ProtectedMethod[] = [];
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    found.push(...(methodsByPrototype.get(at)?.values() ?? []));
  }
  return found;
}

function wrap(method: ProtectedMethod, key: PropertyKey): (...args: unknown[]) => unknown {
  // A computed method name gives the wrapper the name of the original, also for symbols.
  const holder: Record<PropertyKey, (this: HasSlot | undefined, ...args: unknown[]) => unknown> = {
    [key](this: HasSlot | undefined, ...args: unknown[]) {
      const runtime = this?.[SLOT];
      return runtime === undefined ? runUnmanaged(method, this, args) : runtime.invoke(method, this, args);
    },
  };
  const wrapper = holder[key as string]!;
  Object.defineProperty(wrapper, 'length', { value: method.original.length, configurable: true });
  for (const metadataKey of Reflect.getOwnMetadataKeys(method.original)) {
    Reflect.defineMetadata(metadataKey, Reflect.getOwnMetadata(metadataKey, method.original), wrapper);
  }
  return wrapper;
}

const injected = new WeakSet<object>();

function injectRuntime(prototype: object): void {
  if (injected.has(prototype)) return;
  injected.add(prototype);
  Inject(RELIABILITY_RUNTIME)(prototype, SLOT);
  Optional()(prototype, SLOT);
}

function methodToProtect(
  decorator: string,
  prototype: object,
  key: PropertyKey,
  descriptor: PropertyDescriptor | undefined,
): AnyMethod {
  const refuse = (rule: string): never => {
    const owner = typeof prototype === 'function' ? prototype.name : (prototype?.constructor?.name ?? 'class');
    throw new InvalidOptionsError([
      { path: `@${decorator} on ${owner}.${String(key)}`, rule, value: descriptor?.value },
    ]);
  };
  if (typeof key === 'object' && key !== null && 'kind' in key) {
    return refuse('is a standard (TC39) decorator call: enable "experimentalDecorators", as Nest requires');
  }
  if (typeof prototype === 'function') {
    return refuse(
      'a static method has no instance to find its application by: make it an instance method of a provider',
    );
  }
  if (descriptor === undefined) {
    return refuse('a property cannot be protected: write a method instead of an arrow function');
  }
  if (typeof descriptor.value !== 'function') return refuse('an accessor cannot be protected: write a method instead');
  return descriptor.value as AnyMethod;
}
