import {
  type Attributes,
  type Context,
  createContextKey,
  type Exception,
  type Span,
  SpanStatusCode,
} from '@opentelemetry/api';
import type { Call } from '../core/call.js';
import { isRefused, isReliabilityError } from '../core/errors.js';
import { redactText } from '../core/redact.js';
import {
  ATTEMPT,
  ATTEMPTS,
  type CallOutcomeName,
  ENDPOINT,
  endpointName,
  ERROR_TYPE,
  errorAttributes,
  errorType,
  OUTCOME,
  POLICY,
  POLICY_TYPE,
  RETRY_AFTER_MS,
} from './attributes.js';

const KEY = createContextKey('@marketprism/reliability call');

/** The span of one call, from its beginning to the moment its caller is answered. */
export class CallRecord {
  #attempts = 0;
  #ended = false;
  #answeredByFallback = false;
  #lastError: unknown;
  #lastErrorAt = 0;

  /** In which the method runs: its own spans become children of this one. */
  readonly context: Context;

  /** @param active the context in which `span` is active */
  constructor(
    private readonly span: Span,
    active: Context,
    private readonly messages: boolean,
  ) {
    this.context = active.setValue(KEY, this);
  }

  /** Of the call in whose course something runs. */
  static of(context: Context): CallRecord | undefined {
    return context.getValue(KEY) as CallRecord | undefined;
  }

  /** The context of a call that nobody records, made in the course of one that is recorded. */
  static none(context: Context): Context {
    return context.deleteValue(KEY);
  }

  /** Nothing is added once the caller is answered: what work left behind comes to is another story. */
  event(name: string, attributes?: Attributes): void {
    if (!this.#ended) this.span.addEvent(name, attributes);
  }

  invoked({ attempt, endpoint }: Call): void {
    this.#attempts += 1;
    this.event('reliability.attempt', { [ATTEMPT]: attempt, ...endpointOf(endpoint?.id) });
  }

  /** An attempt was refused or has failed. Told several times by policies one within another, it is noted once. */
  attemptFailed({ attempt, endpoint }: Call, error: unknown): void {
    if (this.#ended || (error === this.#lastError && attempt === this.#lastErrorAt)) return;
    this.#lastError = error;
    this.#lastErrorAt = attempt;
    if (isRefused(error)) {
      this.event('reliability.refused', {
        [ATTEMPT]: attempt,
        [ERROR_TYPE]: error.code,
        [POLICY]: error.policy,
        [POLICY_TYPE]: error.policyType,
        ...(error.retryAfterMs !== undefined && { [RETRY_AFTER_MS]: Math.round(error.retryAfterMs) }),
      });
    } else {
      this.event('reliability.attempt.failed', {
        [ATTEMPT]: attempt,
        ...endpointOf(endpoint?.id),
        ...errorAttributes(error),
      });
    }
  }

  answeredByFallback(): void {
    this.#answeredByFallback = true;
  }

  succeeded(call: Call): void {
    this.#end(call, this.#answeredByFallback ? 'fallback' : 'success');
  }

  failed(call: Call, error: unknown): void {
    if (this.#ended) return;
    // As HTTP has it for a request that its client ends: not an error of what was called.
    if (call.aborted && error === call.reason && !isReliabilityError(error)) {
      this.#end(call, 'cancelled');
      return;
    }
    const type = errorType(error);
    this.span.setAttributes(errorAttributes(error));
    this.span.setStatus({ code: SpanStatusCode.ERROR, message: type });
    this.span.recordException(this.#exception(error, type));
    this.#end(call, isRefused(error) ? 'refused' : 'failure');
  }

  #end(call: Call, outcome: CallOutcomeName): void {
    if (this.#ended) return;
    this.#ended = true;
    this.span.setAttributes({
      [OUTCOME]: outcome,
      [ATTEMPTS]: this.#attempts,
      ...endpointOf(call.endpoint?.id),
    });
    this.span.end();
  }

  /** Messages and stacks of others may hold arguments and secrets; ours hold names and numbers. */
  #exception(error: unknown, name: string): Exception {
    if (isReliabilityError(error)) return { name, message: redactText(error.message) };
    if (!this.messages || !(error instanceof Error)) return { name };
    const { message, stack } = error;
    return { name, message: redactText(message), ...(stack !== undefined && { stack: redactText(stack) }) };
  }
}

const endpointOf = (id: string | undefined): Attributes => (id === undefined ? {} : { [ENDPOINT]: endpointName(id) });
