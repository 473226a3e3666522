import type { DynamicModule } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { parseOptions } from '../core/options.js';
import { z } from 'zod';
import type { MetricsMountOptions } from '../nest/mount-options.js';
import { mountPath } from '../nest/mount-path.js';
import { ReliabilityPrometheusModule } from './reliability-prometheus.module.js';

const metricsOptions = z.strictObject({ path: mountPath(), defaultMetrics: z.boolean().default(true) });

/**
 * The metrics of every policy, and the endpoint that serves them.
 * @throws InvalidOptionsError naming every problem
 */
export function mountMetrics(options: MetricsMountOptions): DynamicModule {
  const { path, defaultMetrics } = parseOptions(metricsOptions, options, 'metrics');
  return {
    module: ReliabilityPrometheusModule,
    imports: [PrometheusModule.register({ path, defaultMetrics: { enabled: defaultMetrics } })],
  };
}
