import { Controller, Get, Header, Inject } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { ReliabilityHealthIndicator } from '@marketprism/reliability/terminus';
import { PIPELINE } from '../collector.tokens.js';
import type { Pipeline } from '../storage/pipeline.js';
import { Storage } from '../storage/storage.js';
import { ExchangeHealthReader } from './exchange-health.js';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly reliability: ReliabilityHealthIndicator,
    private readonly exchanges: ExchangeHealthReader,
    @Inject(PIPELINE) private readonly pipeline: Pipeline,
    private readonly storage: Storage,
  ) {}

  /**
   * Everything: 200 `ok`; 200 `degraded` when exchanges do not answer, or rows are safe but cannot be brought into the
   * tables; 503 when no row can be taken.
   */
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

  /** Rows can be taken. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.#store()]);
  }

  #store() {
    const { failing, queued, inMemory, accepting, deadLetters } = this.pipeline.snapshot();
    const { redundant } = this.storage.inspect();
    const nodes = redundant?.nodes.map(({ name, state, behind }) => ({ name, state, behind }));
    const problem = failing ?? (deadLetters > 0 ? `${deadLetters} messages were given up` : undefined);
    const detail = {
      queued,
      inMemory,
      deadLetters,
      ...(nodes && { nodes }),
      ...(problem !== undefined && { problem }),
    };
    const indicator = this.indicators.check('store');
    if (!accepting) return indicator.down(detail);
    const whole = problem === undefined && (nodes?.every(({ state }) => state === 'up') ?? true);
    return whole ? indicator.up(detail) : indicator.degraded(detail);
  }

  #exchanges() {
    const byExchange = this.exchanges.read();
    const unreachable = Object.keys(byExchange).filter((id) => byExchange[id]?.status === 'down');
    const indicator = this.indicators.check('exchanges');
    return unreachable.length === 0 ? indicator.up({ byExchange }) : indicator.degraded({ unreachable, byExchange });
  }
}
