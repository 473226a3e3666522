import 'reflect-metadata';

import type { BatchHandler } from '../consumer/batch-worker.js';
import type { BatchWorkerOptions } from '../consumer/batch-worker.options.js';

const KEY = Symbol.for('marketprism.stream.batch-consumer');

/**
 * Hands a provider's method the messages of a stream in batches: `@BatchConsumer({ consumer: 'store-rates' })`. Returning
 * acknowledges the batch; throwing does what the class of the error asks for. The method may carry `@Retry`,
 * `@CircuitBreaker` and the like: their refusals hold the batch back and use up no delivery.
 */
export function BatchConsumer(options: BatchWorkerOptions) {
  return <H extends BatchHandler>(
    target: object,
    method: string | symbol,
    _descriptor: TypedPropertyDescriptor<H>,
  ): void => {
    Reflect.defineMetadata(KEY, options, target, method);
  };
}

/** What a method's decorator says; undefined for one without. */
export const batchConsumerOf = (prototype: object, method: string): BatchWorkerOptions | undefined =>
  Reflect.getMetadata(KEY, prototype, method) as BatchWorkerOptions | undefined;
