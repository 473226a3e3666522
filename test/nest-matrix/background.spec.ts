import 'reflect-metadata';
import { getQueueToken, BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { ReliabilityModule } from '@marketprism/reliability';
import type { Queue } from 'bullmq';
import { describeWithEngines } from '../engines/engine.js';
import { redisServer } from '../engines/redis.js';
import { Tallied, tallied, tallyOf } from './tally.js';
import { eventually } from '../engines/eventually.js';

@Injectable()
class Jobs {
  readonly ran: string[] = [];

  @Cron('* * * * * *', { name: 'cron' })
  @Tallied('okx')
  async everySecond() {
    this.ran.push('cron');
  }

  @Tallied('okx')
  @Interval(5)
  async often() {
    this.ran.push('interval');
  }

  @Tallied('okx')
  @OnEvent('settled')
  async settled(symbol: string) {
    this.ran.push(symbol);
  }
}

@Processor('rates')
class RatesProcessor extends WorkerHost {
  readonly symbols: string[] = [];

  @Tallied('okx')
  async process(job: { data: { symbol: string } }) {
    this.symbols.push(job.data.symbol);
    return `rate of ${job.data.symbol}`;
  }
}

describe('work in the background is protected', () => {
  it('on @Cron, @Interval and @OnEvent, whichever decorator is above', async () => {
    const module = await Test.createTestingModule({
      imports: [ReliabilityModule.forRoot(tallied), ScheduleModule.forRoot(), EventEmitterModule.forRoot()],
      providers: [Jobs],
    }).compile();
    await module.init();
    const { ran } = module.get(Jobs);
    await module.get(EventEmitter2).emitAsync('settled', 'BTC');
    await eventually(() => ran.includes('interval'));
    await module.get(SchedulerRegistry).getCronJob('cron').fireOnTick();
    await eventually(() => ran.includes('cron'));
    await module.close();
    expect(ran).toContain('BTC');
    expect(tallyOf(module).outcomes).toHaveLength(ran.length);
  });
});

describeWithEngines(['redis-server'], 'a BullMQ processor', () => {
  it('is protected', async () => {
    const redis = await redisServer();
    await redis.start();
    const connection = { host: '127.0.0.1', port: redis.port };
    const module = await Test.createTestingModule({
      imports: [
        ReliabilityModule.forRoot(tallied),
        BullModule.forRoot({ connection }),
        BullModule.registerQueue({ name: 'rates' }),
      ],
      providers: [RatesProcessor],
    }).compile();
    await module.init();
    await module.get<Queue>(getQueueToken('rates')).add('rate', { symbol: 'BTC' });
    await eventually(() => tallyOf(module).ended === 1);
    expect(module.get(RatesProcessor).symbols).toEqual(['BTC']);
    expect(tallyOf(module).outcomes).toEqual(['success']);
    await module.close();
    await redis.stop();
  }, 30_000);
});
