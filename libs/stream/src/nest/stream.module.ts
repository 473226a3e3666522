import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';

import type { Stream } from '../message.js';
import { openStream } from '../open-stream.js';
import { BatchConsumers } from './batch-consumers.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, type StreamModuleOptions } from './stream.module-definition.js';
import { STREAM } from './stream.tokens.js';

/** A durable stream and its consumers: import `StreamModule.forRoot(...)` or `forRootAsync(...)` once. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: STREAM,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: ({ nats, journal, log }: StreamModuleOptions) => openStream({ nats, journal, log }),
    },
    BatchConsumers,
  ],
  exports: [STREAM, BatchConsumers],
})
export class StreamModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(@Inject(STREAM) private readonly stream: Stream) {
    super();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stream.close();
  }
}
