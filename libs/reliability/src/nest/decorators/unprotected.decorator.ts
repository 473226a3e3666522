import { exemptMethod } from '../protect-class.js';

/** Exempts a method from what the decorators on its class protect. */
export function Unprotected(): (target: object, propertyKey: string | symbol, descriptor: PropertyDescriptor) => void {
  return (target, propertyKey) => exemptMethod(target, propertyKey);
}
