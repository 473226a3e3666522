import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { register } from 'prom-client';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { bindMetrics } from './bind-metrics.js';

@Injectable()
export class ReliabilityMetrics implements OnApplicationShutdown {
  private readonly unbind: () => void;

  constructor(manager: ReliabilityManager) {
    this.unbind = bindMetrics(register, manager);
  }

  onApplicationShutdown(): void {
    this.unbind();
  }
}

/**
 * Shows every policy in the registry that `PrometheusModule` of @willsoto/nestjs-prometheus serves. Import it beside
 * `ReliabilityModule.forRoot()` and `PrometheusModule.register()`; the endpoint, its path and its protection stay with
 * the latter. For a registry of one's own: {@link bindMetrics}.
 */
@Module({ providers: [ReliabilityMetrics] })
export class ReliabilityPrometheusModule {}
