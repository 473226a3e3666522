import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** Spans kept in memory, with the context manager that applications on Node use. */
export class Traced {
  readonly exporter = new InMemorySpanExporter();
  readonly provider: BasicTracerProvider;

  constructor(sampler?: Sampler) {
    this.provider = new BasicTracerProvider({
      ...(sampler !== undefined && { sampler }),
      spanProcessors: [new SimpleSpanProcessor(this.exporter)],
    });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(this.provider);
  }

  /** Ended spans in the order in which they ended. */
  get spans(): readonly ReadableSpan[] {
    return this.exporter.getFinishedSpans();
  }

  span(name: string): ReadableSpan {
    const found = this.spans.filter((span) => span.name === name);
    if (found.length !== 1) throw new Error(`${found.length} spans are called ${name}`);
    return found[0]!;
  }

  async close(): Promise<void> {
    await this.provider.shutdown();
    trace.disable();
    context.disable();
  }
}

/** Events of a span as `name` and attributes, without times. */
export const eventsOf = ({ events }: ReadableSpan) =>
  events.map(({ name, attributes = {} }) => [name.replace(/^reliability\./, ''), withoutPrefix(attributes)]);

export const withoutPrefix = (attributes: object) =>
  Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key.replace(/^reliability\./, ''), value]));
