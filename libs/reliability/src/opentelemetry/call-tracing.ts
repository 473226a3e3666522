import { type Attributes, context, SpanKind, trace, type Tracer, type TracerProvider } from '@opentelemetry/api';
import type { Call } from '../core/call.js';
import type { EventBus, Unsubscribe } from '../core/event-bus.js';
import type { CallProbe, Instrumentation, PolicyLabel } from '../core/instrumentation.js';
import type { Next } from '../core/policy.js';
import { LateResult } from '../nest/late-result.js';
import { FUNCTION_NAME, POLICIES } from './attributes.js';
import { CallRecord } from './call-record.js';
import { SHOWN_EVENTS, spanEventAttributes, spanEventName } from './policy-events.js';

export interface TracingOptions {
  /** Where spans go. Default: the provider registered with `@opentelemetry/api`, also one registered later. */
  readonly tracerProvider?: TracerProvider;
  /**
   * Whether messages and stacks of errors that are not this library's are put into spans. They may hold arguments and
   * secrets. Default `false`: the type and the class of an error.
   */
  readonly exceptionMessages?: boolean;
}

const TRACER_NAME = '@marketprism/reliability';

const ATTACHMENT = Symbol('reliability.span');

/**
 * Gives every call a span: named as the method or the name it was executed under, a child of the span that is active
 * where the call is made, and active itself in the method, in each attempt of it. Attempts, refusals and what policies
 * decide are its events.
 */
export class CallTracing implements Instrumentation {
  readonly #tracer: Tracer;
  readonly #messages: boolean;

  constructor({ tracerProvider, exceptionMessages = false }: TracingOptions = {}) {
    this.#tracer = tracerProvider?.getTracer(TRACER_NAME) ?? trace.getTracer(TRACER_NAME);
    this.#messages = exceptionMessages;
  }

  probe(policies: readonly PolicyLabel[]): CallProbe {
    const chain: Attributes = { [POLICIES]: policies.map(({ type, name }) => `${type}:${name}`) };
    return {
      call: (call, next) => this.#watch(call, next, chain),
      attempt: watchAttempt,
      invoke: watchInvocation,
    };
  }

  /** Puts what policies announce into the span of the call in whose course they announce it. */
  follow(events: EventBus): Unsubscribe {
    const subscriptions = SHOWN_EVENTS.map((type) =>
      events.on(type, (event) => {
        const record = CallRecord.of(context.active());
        if (record === undefined) return;
        if (event.type === 'fallback.answered') record.answeredByFallback();
        record.event(spanEventName(event.type), spanEventAttributes(event));
      }),
    );
    return () => {
      for (const unsubscribe of subscriptions) unsubscribe();
    };
  }

  #watch(call: Call, next: Next, chain: Attributes): unknown {
    const parent = context.active();
    const attributes = call.self === undefined ? chain : { ...chain, [FUNCTION_NAME]: call.name };
    const span = this.#tracer.startSpan(call.name, { kind: SpanKind.INTERNAL, attributes }, parent);
    const active = trace.setSpan(parent, span);
    // Not sampled: what the method calls must not be either.
    if (!span.isRecording()) return context.with(CallRecord.none(active), next, undefined, call);
    const record = new CallRecord(span, active, this.#messages);
    call.attach(ATTACHMENT, record);
    return settled(record, call, next);
  }
}

function settled(record: CallRecord, call: Call, next: Next): unknown {
  // What begins its work later comes again, as a call of its own: this one's span is let go of, never ended.
  const succeeded = (value: unknown) => {
    if (!(value instanceof LateResult)) record.succeeded(call);
  };
  const failed = (error: unknown) => record.failed(call, error);
  let result: unknown;
  try {
    result = context.with(record.context, next, undefined, call);
  } catch (error) {
    failed(error);
    throw error;
  }
  if (result instanceof Promise) result.then(succeeded, failed);
  else succeeded(result);
  return result;
}

const recordOf = (call: Call) => call.attachment(ATTACHMENT) as CallRecord | undefined;

function watchAttempt(call: Call, next: Next): unknown {
  const record = recordOf(call) ?? CallRecord.of(context.active());
  if (record === undefined) return next(call);
  const failed = (error: unknown) => record.attemptFailed(call, error);
  let result: unknown;
  try {
    result = next(call);
  } catch (error) {
    failed(error);
    throw error;
  }
  if (result instanceof Promise) result.then(undefined, failed);
  return result;
}

/** A policy that lets a call go on from a callback of another call's has lost its context: it is restored. */
function watchInvocation(call: Call, next: Next): unknown {
  const current = CallRecord.of(context.active());
  const record = recordOf(call) ?? current;
  if (record === undefined) return next(call);
  record.invoked(call);
  return current === record ? next(call) : context.with(record.context, next, undefined, call);
}
