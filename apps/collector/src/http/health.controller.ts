import { Controller, Get, Header, Inject } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { ReliabilityHealthIndicator } from '@marketprism/reliability/terminus';
import { PIPELINE } from '../collector.tokens.js';
import type { Pipeline } from '../storage/pipeline.js';
import { ExchangeHealthReader } from './exchange-health.js';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly reliability: ReliabilityHealthIndicator,
    private readonly exchanges: ExchangeHealthReader,
    @Inject(PIPELINE) private readonly pipeline: Pipeline,
  ) {}

  /** Everything: 200 `ok`, 200 `degraded` when exchanges do not answer, 503 when rows cannot be stored. */
  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.#store(), () => this.#exchanges(), () => this.reliability.check()]);
  }

  /** The process answers. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Rows can be stored. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.#store()]);
  }

  #store() {
    const { failing, queued } = this.pipeline.snapshot();
    const indicator = this.indicators.check('store');
    return failing === undefined ? indicator.up({ queued }) : indicator.down({ queued, problem: failing });
  }

  #exchanges() {
    const byExchange = this.exchanges.read();
    const unreachable = Object.keys(byExchange).filter((id) => byExchange[id]?.status === 'down');
    const indicator = this.indicators.check('exchanges');
    return unreachable.length === 0 ? indicator.up({ byExchange }) : indicator.degraded({ unreachable, byExchange });
  }
}
