import { fallbackPolicy } from '../../fallback/fallback.js';
import type { FallbackHandler, FallbackOptions } from '../../fallback/fallback.options.js';
import type { AnyClass, AnyMethod, AnyMethodOrClassDecorator, Answer, FallbackMethod } from '../method-types.js';
import { policyDecorator, type UseOptions } from '../policy-decorator.js';
import type { PolicyName } from '../policy-names.js';

const decorateWith = policyDecorator<FallbackOptions>('Fallback', fallbackPolicy);

/** Decorates a method of a class that has a method `Name` which can answer for it. */
interface ByMethod<Name extends string> {
  <M extends AnyMethod, Target extends Readonly<Record<Name, FallbackMethod<M>>>>(
    target: Target,
    propertyKey: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void;
}

/** Decorates a method for whose result `Given` can stand. */
interface ByAnswer<Given, Handler extends AnyMethod> {
  <M extends AnyMethod>(
    target: object,
    propertyKey: string | symbol,
    descriptor: TypedPropertyDescriptor<M> & Answers<M, Given> & Handles<M, Handler>,
  ): void;
  (target: AnyClass): void;
}

type Answers<M extends AnyMethod, Given> = [Given] extends [Answer<M>]
  ? unknown
  : { readonly 'this value does not fit the result of the method': Given };

type Handles<M extends AnyMethod, Handler extends AnyMethod> = [Handler] extends [never]
  ? unknown
  : [Handler] extends [(error: never, ...args: Parameters<M>) => Answer<M>]
    ? unknown
    : { readonly 'this function does not fit the parameters or the result of the method': Handler };

/** Options whose `value` and `handler` are checked against the method. */
type OptionsOf<Given, Handler> = Omit<FallbackOptions, 'value' | 'handler'> &
  UseOptions & { readonly value?: Given; readonly handler?: Handler };

/**
 * Answers in place of a call that failed or was refused: the name of a public method of the same class (called with
 * the arguments of the call, then the error), a function of the error and the arguments, or options (`{ value }`,
 * `{ lastGood }`, `{ steps }`). For what is configured under a name use {@link FallbackTo}.
 */
export function Fallback<const Name extends string>(method: Name): ByMethod<Name>;
export function Fallback<Handler extends FallbackHandler>(handler: Handler): ByAnswer<never, Handler>;
export function Fallback<Given = never, Handler extends FallbackHandler = never>(
  options: OptionsOf<Given, Handler>,
): ByAnswer<Given, Handler>;
export function Fallback(answer: string | FallbackHandler | object): AnyMethodOrClassDecorator {
  if (typeof answer === 'string') return decorateWith({ method: answer });
  return decorateWith(typeof answer === 'function' ? { handler: answer as FallbackHandler } : answer);
}

/** Answers by the fallback configured under a name. */
export function FallbackTo(name: PolicyName): AnyMethodOrClassDecorator {
  return decorateWith(name);
}
