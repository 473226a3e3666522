import type { Subscribable } from 'rxjs';

/** Any method. */
export type AnyMethod = (...args: never[]) => unknown;

/** A function of a call's own arguments; `this` is the instance. */
export type OfArguments<T> = (...args: never[]) => T;

/** A class. */
export type AnyClass = abstract new (...args: never[]) => unknown;

/** Results that are not there yet: what a policy that waits can surround. */
type Later = { then(...args: never[]): unknown } | Subscribable<unknown> | AsyncIterable<unknown>;

/** Without what the compiler fills in where no function was given: it says nothing about parameters. */
type Given<F extends AnyMethod> = F extends AnyMethod ? (Parameters<F> extends never[] ? never : F) : never;

/** Passes when every function `F` can be called with the method's parameters. */
type Fits<M extends AnyMethod, F extends AnyMethod> = [Given<F>] extends [(...args: Parameters<M>) => unknown]
  ? unknown
  : { readonly 'this function does not fit the parameters of the method': Given<F> };

/** Passes when the method gives a promise, an Observable or an async iterable, or may do so. */
type GivesLater<M extends AnyMethod> =
  unknown extends ReturnType<M>
    ? unknown
    : [Extract<ReturnType<M>, Later>] extends [never]
      ? { readonly 'this policy waits: the method must give a promise, an Observable or an async iterable': M }
      : unknown;

/** Decorates any method, or all methods of a class. */
export interface AnyMethodOrClassDecorator {
  <M extends AnyMethod>(target: object, propertyKey: string | symbol, descriptor: TypedPropertyDescriptor<M>): void;
  (target: AnyClass): void;
}

/** Decorates a method whose parameters fit the functions `F`, or all methods of a class. */
export interface MethodOrClassDecorator<F extends AnyMethod> {
  <M extends AnyMethod>(
    target: object,
    propertyKey: string | symbol,
    descriptor: TypedPropertyDescriptor<M> & Fits<M, F>,
  ): void;
  (target: AnyClass): void;
}

/** As {@link MethodOrClassDecorator}; the method has to give its result later. */
export interface LaterMethodOrClassDecorator<F extends AnyMethod> {
  <M extends AnyMethod>(
    target: object,
    propertyKey: string | symbol,
    descriptor: TypedPropertyDescriptor<M> & Fits<M, F> & GivesLater<M>,
  ): void;
  (target: AnyClass): void;
}

/** What may be answered in place of a method's result. */
export type Answer<M extends AnyMethod> =
  ReturnType<M> extends PromiseLike<infer V>
    ? V | PromiseLike<V>
    : ReturnType<M> extends Subscribable<infer V>
      ? V | PromiseLike<V>
      : ReturnType<M> extends AsyncIterable<infer V>
        ? V | PromiseLike<V>
        : ReturnType<M>;

/** A method that can answer for `M`: called with the arguments of the call, then the error. */
export type FallbackMethod<M extends AnyMethod> = (...args: [...Parameters<M>, never]) => Answer<M>;
