import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { BatchWorkerOptions } from '../consumer/batch-worker.options.js';
import type { StreamOptions } from '../open-stream.js';

export interface StreamModuleOptions extends StreamOptions {
  /** Options by consumer name, over those given at the decorator: what differs by environment. */
  consumers?: Readonly<Record<string, Partial<BatchWorkerOptions>>>;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<StreamModuleOptions>()
  .setClassMethodName('forRoot')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();
