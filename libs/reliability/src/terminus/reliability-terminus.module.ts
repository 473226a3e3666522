import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ReliabilityHealthIndicator } from './reliability-health-indicator.js';

/** Provides {@link ReliabilityHealthIndicator} to health controllers. Import it beside `ReliabilityModule.forRoot()`. */
@Module({
  imports: [TerminusModule],
  providers: [ReliabilityHealthIndicator],
  exports: [ReliabilityHealthIndicator, TerminusModule],
})
export class ReliabilityTerminusModule {}
