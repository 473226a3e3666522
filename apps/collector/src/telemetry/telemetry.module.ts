import { Controller, type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ReliabilityTracingModule } from '@marketprism/reliability/opentelemetry';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { register } from 'prom-client';
import { MetricsListener } from './metrics-listener.js';
import type { TelemetrySettings } from './telemetry-settings.js';
import { type RunningTracing, startTracing } from './tracing-sdk.js';

const TELEMETRY_SETTINGS = Symbol('TELEMETRY_SETTINGS');
const TRACING = Symbol('TRACING');
const METRICS_LISTENER = Symbol('METRICS_LISTENER');

/** In place of the controller that serves metrics beside everything else. */
@Controller()
class NoController {}

/** Spans, and metrics where the environment wants them. */
@Module({})
export class TelemetryModule implements OnApplicationShutdown {
  constructor(
    @Inject(TRACING) private readonly tracing: RunningTracing | undefined,
    @Inject(METRICS_LISTENER) private readonly listener: MetricsListener | undefined,
    @Inject(TELEMETRY_SETTINGS) private readonly settings: TelemetrySettings,
  ) {}

  static forRoot(settings: TelemetrySettings): DynamicModule {
    const { tracesUrl, metrics } = settings;
    return {
      module: TelemetryModule,
      imports: [
        PrometheusModule.register({
          path: metrics.path,
          defaultMetrics: { enabled: true },
          ...(metrics.port !== undefined && { controller: NoController }),
        }),
        ...(tracesUrl === undefined ? [] : [ReliabilityTracingModule]),
      ],
      providers: [
        { provide: TRACING, useFactory: () => (tracesUrl === undefined ? undefined : startTracing(tracesUrl)) },
        {
          provide: METRICS_LISTENER,
          useFactory: () => (metrics.port === undefined ? undefined : new MetricsListener(register, metrics.path)),
        },
        { provide: TELEMETRY_SETTINGS, useValue: settings },
      ],
      exports: [PrometheusModule],
    };
  }

  /**
   * Opens the metrics' own port, where there is one.
   * @returns where metrics are served
   */
  async listen(host: string, url: string): Promise<string> {
    const { path, port } = this.settings.metrics;
    return this.listener === undefined || port === undefined ? `${url}${path}` : this.listener.listen(host, port);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.tracing?.stop(), this.listener?.close()]);
  }
}
