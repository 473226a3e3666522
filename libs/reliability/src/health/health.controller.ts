import { Controller, Get, Header, HttpException, NotFoundException, Param } from '@nestjs/common';
import { SkipRateLimit } from '../nest/route-limit.js';
import { HealthReader, httpStatusOf } from './health-reader.js';
import type { HealthReport } from './health-report.js';

/** Probes for orchestrators and people. Mounted by `ReliabilityHealthModule`, which gives it its path. */
@Controller()
@SkipRateLimit()
export class ReliabilityHealthController {
  constructor(private readonly reader: HealthReader) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  whole(): HealthReport {
    return answered(this.reader.whole());
  }

  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): HealthReport {
    return this.reader.live();
  }

  @Get('ready')
  @Header('Cache-Control', 'no-store')
  ready(): HealthReport {
    return answered(this.reader.ready());
  }

  @Get('startup')
  @Header('Cache-Control', 'no-store')
  startup(): HealthReport {
    return answered(this.reader.startup());
  }

  @Get('dependencies/:name')
  @Header('Cache-Control', 'no-store')
  dependency(@Param('name') name: string): HealthReport {
    const report = this.reader.dependency(name);
    if (report === undefined) throw new NotFoundException('No dependency has that name');
    return answered(report);
  }
}

/** A report that keeps traffic away goes out as an exception, which both Express and Fastify answer alike. */
function answered(report: HealthReport): HealthReport {
  const status = httpStatusOf(report);
  if (status !== 200) throw new HttpException(report, status);
  return report;
}
