import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

import { BatchWorker, type BatchHandler, type BatchWorkerSnapshot } from '../consumer/batch-worker.js';
import { StreamError } from '../errors.js';
import type { Stream } from '../message.js';
import { batchConsumerOf } from './batch-consumer.decorator.js';
import { MODULE_OPTIONS_TOKEN, type StreamModuleOptions } from './stream.module-definition.js';
import { STREAM } from './stream.tokens.js';

/** Starts every method with `@BatchConsumer` once the application is up, and drains them all before it goes down. */
@Injectable()
export class BatchConsumers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #workers: BatchWorker[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    @Inject(STREAM) private readonly stream: Stream,
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: StreamModuleOptions,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const names = new Map<string, string>();
    for (const { instance } of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      if (typeof instance !== 'object' || instance === null) continue;
      const prototype = Object.getPrototypeOf(instance) as object | null;
      if (prototype === null) continue;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const declared = batchConsumerOf(prototype, method);
        if (declared === undefined) continue;
        const place = `${instance.constructor.name}.${method}`;
        const other = names.get(declared.consumer);
        if (other !== undefined)
          throw new StreamError(
            'INVALID',
            `consumer "${declared.consumer}" is both ${other} and ${place}; names must differ`,
          );
        names.set(declared.consumer, place);
        const handler: BatchHandler = (messages, context) =>
          (instance as Record<string, BatchHandler>)[method]?.(messages, context);
        const overrides = this.options.consumers?.[declared.consumer];
        this.#workers.push(await BatchWorker.start(this.stream, { ...declared, ...overrides }, handler));
      }
    }
    const unknown = Object.keys(this.options.consumers ?? {}).filter((name) => !names.has(name));
    if (unknown.length > 0)
      throw new StreamError(
        'INVALID',
        `stream options are wrong:\n${unknown.map((name) => `  consumers.${name}: there is no such consumer; known are ${[...names.keys()].join(', ') || 'none'}`).join('\n')}`,
      );
  }

  /** The state and counters of every consumer. */
  inspect(): BatchWorkerSnapshot[] {
    return this.#workers.map((worker) => worker.snapshot());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }
}
