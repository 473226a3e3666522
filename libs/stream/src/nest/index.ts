export { BatchConsumer } from './batch-consumer.decorator.js';
export { BatchConsumers } from './batch-consumers.js';
export { StreamModule } from './stream.module.js';
export type { StreamModuleOptions } from './stream.module-definition.js';
export { InjectStream, STREAM } from './stream.tokens.js';
