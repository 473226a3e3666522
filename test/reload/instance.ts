import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type ConfigSource,
  LiveConfiguration,
  RateLimit,
  ReliabilityControl,
  ReliabilityManager,
  ReliabilityModule,
  type ReliabilityModuleOptions,
} from '@marketprism/reliability';

@Injectable()
export class Rates {
  @RateLimit('okx')
  async fetch(): Promise<string> {
    return 'rate';
  }
}

/** One instance of an application that reads its configuration from these sources. */
export async function instance(sources: readonly ConfigSource[], options: ReliabilityModuleOptions = {}) {
  const module = await Test.createTestingModule({
    imports: [
      ReliabilityModule.forRoot({
        policies: { okx: { rateLimit: { limit: 10, mode: 'reject' } } },
        ...options,
        sources,
      }),
    ],
    providers: [Rates],
  }).compile();
  module.useLogger(false);
  await module.init();
  const live = module.get(LiveConfiguration);
  return {
    live,
    control: module.get(ReliabilityControl),
    manager: module.get(ReliabilityManager),
    rates: module.get(Rates),
    limit: () => live.effective.policies?.['okx']?.rateLimit?.limit,
    change: (limit: number) =>
      module
        .get(ReliabilityControl)
        .perform(
          { kind: 'change', policies: { okx: { rateLimit: { limit } } }, reason: `to ${limit}` },
          { who: 'alice', via: 'test' },
        ),
    close: () => module.close(),
  };
}

export type Instance = Awaited<ReturnType<typeof instance>>;
