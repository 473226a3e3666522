import type { AnyClass, AnyMethodOrClassDecorator } from './method-types.js';
import { protectClass } from './protect-class.js';
import { protectMethod } from './protect-method.js';
import type { ProtectedMethod } from './protected-method.js';

/** A decorator for a method and for a whole class, of what `add` says about a method. */
export function decorate(decorator: string, add: (method: ProtectedMethod) => void): AnyMethodOrClassDecorator {
  return (target: object, propertyKey?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (propertyKey === undefined && typeof target === 'function') protectClass(decorator, target as AnyClass, add);
    else add(protectMethod(decorator, target, propertyKey!, descriptor));
  };
}
