import { Logger } from '@nestjs/common';
import { context, propagation, trace } from '@opentelemetry/api';
import { type Clock, systemClock } from '@marketprism/reliability';

export interface RunningTracing {
  /** Sends what is left, for at most {@link FLUSH_CAP_MS}, and takes everything back. Never rejects. */
  stop(): Promise<void>;
}

/** Longest time that ending waits for spans to be sent, in ms. */
const FLUSH_CAP_MS = 3_000;

/**
 * Sends spans to `url`, in batches in the background: a receiver that is away or slow costs spans, never a call. The
 * service's name, attributes of the resource, the sampler, headers and timeouts come from the standard `OTEL_…` variables.
 * The SDK is loaded here and nowhere else.
 */
export async function startTracing(url: string, clock: Clock = systemClock): Promise<RunningTracing> {
  const [
    sdk,
    exporting,
    resources,
    { AsyncLocalStorageContextManager },
    { W3CTraceContextPropagator },
    { AnnouncedExporter },
  ] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/core'),
    import('./announced-exporter.js'),
  ]);
  const log = new Logger('Tracing');
  const exporter = new AnnouncedExporter(new exporting.OTLPTraceExporter({ url }), url, log);
  const provider = new sdk.BasicTracerProvider({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ 'service.name': 'marketprism-collector' }))
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
  });
  if (!trace.setGlobalTracerProvider(provider)) {
    log.log('Another OpenTelemetry SDK is at work in this process; spans go where it sends them');
    await provider.shutdown().catch(() => undefined);
    return { stop: async () => undefined };
  }
  const contexts = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(contexts);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return {
    stop: async () => {
      trace.disable();
      propagation.disable();
      context.disable();
      const cap = new Promise<void>((resolve) => {
        clock.schedule(FLUSH_CAP_MS, resolve);
      });
      await Promise.race([provider.shutdown().catch(() => undefined), cap]);
      exporter.mute();
    },
  };
}
