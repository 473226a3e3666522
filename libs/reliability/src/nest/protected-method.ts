import { InvalidOptionsError } from '../core/errors.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import type { Call } from '../core/call.js';
import type { Priority } from '../core/priority.js';
import type { CallOptions } from './call-options.js';
import type { AnyClass, AnyMethod, OfArguments } from './method-types.js';
import { type ResultKind, resultKindOf } from './result-kind.js';

/** What a decorator says about one policy. */
export interface PolicyReference {
  /** As it is written, without the `@`. */
  readonly decorator: string;
  readonly definition: PolicyDefinition;
  /** A configured name, a function that gives one, or `undefined` for a policy of the method's own. */
  readonly name?: string | OfArguments<string>;
  /** Options of the method's own; with a name, they are laid over the configured ones. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly key?: string | OfArguments<string | number>;
  readonly priority?: Priority | OfArguments<Priority>;
  readonly cost?: number | OfArguments<number>;
}

/** A whole configured chain, from `@Protect`. */
export interface ChainReference {
  readonly name: string | OfArguments<string>;
  readonly key?: string | OfArguments<string | number>;
  readonly priority?: Priority | OfArguments<Priority>;
  readonly cost?: number | OfArguments<number>;
}

/** What a parameter decorator asks for. */
export type ParameterKind = 'endpoint' | 'signal' | 'attempt';

/** One decorated method, known from the time its class was defined. */
export class ProtectedMethod {
  static #next = 0;
  /** Index into the tables of every runtime. */
  readonly id = ProtectedMethod.#next++;
  references: PolicyReference[] = [];
  chains: ChainReference[] = [];
  callOptions: CallOptions = {};
  idempotent: boolean | undefined;
  /** Only decorators on the class speak of it. */
  byClass = false;
  /** The method of a base that this one calls, where it protects it itself. */
  inherited: ProtectedMethod | undefined;
  /** Nothing is declared, but a promise was given before. */
  gavePromise = false;
  /** What its results are: declared, or found out by the first of them. */
  resultKind: ResultKind;
  wrapper: ((...args: unknown[]) => unknown) | undefined;

  constructor(
    /** The class that defines or protects it. */
    readonly owner: AnyClass,
    readonly className: string,
    readonly methodName: string,
    readonly original: AnyMethod,
    /** Parameters to fill in, by index: read when the method is linked, since parameter decorators run before. */
    readonly parameters: () => ReadonlyMap<number, ParameterKind>,
    /** The declared result as emitted by the compiler; `undefined` where it emitted none. */
    private readonly returnType: unknown,
  ) {
    this.resultKind = resultKindOf(original, returnType);
  }

  /** `Class.method` */
  get site(): string {
    return `${this.className}.${this.methodName}`;
  }

  /** @throws InvalidOptionsError when two decorators say different things about the same calls */
  adopt(options: CallOptions, decorator: string): void {
    for (const key of Object.keys(options) as (keyof CallOptions)[]) {
      const known = this.callOptions[key];
      if (known !== undefined && known !== options[key]) {
        const path = `@${decorator} on ${this.site}.${key}`;
        throw new InvalidOptionsError([{ path, rule: 'was given by another decorator too', value: options[key] }]);
      }
    }
    this.callOptions = { ...this.callOptions, ...options };
  }

  /** An empty record of the same method, for what its class says. */
  ofClass(): ProtectedMethod {
    const { owner, className, methodName, original, parameters, returnType } = this;
    return new ProtectedMethod(owner, className, methodName, original, parameters, returnType);
  }

  /** Forgets what `other` says too. */
  leaveOut(other: ProtectedMethod): void {
    const kinds = new Set(other.references.map(({ definition }) => definition));
    this.references = this.references.filter(({ definition }) => !kinds.has(definition));
    if (other.chains.length > 0) this.chains = [];
  }

  /** Takes from `other` what is not said here. */
  yieldFrom(other: ProtectedMethod): void {
    const kinds = new Set(this.references.map(({ definition }) => definition));
    this.references.push(...other.references.filter(({ definition }) => !kinds.has(definition)));
    if (this.chains.length === 0) this.chains.push(...other.chains);
    this.callOptions = { ...other.callOptions, ...this.callOptions };
    this.idempotent ??= other.idempotent;
  }
}

/** Turns a function of the arguments into one of the call. */
export function ofCall<T>(fn: OfArguments<T>): (call: Call) => T {
  return (call) => (fn as (...args: unknown[]) => T).apply(call.self, call.args as unknown[]);
}
