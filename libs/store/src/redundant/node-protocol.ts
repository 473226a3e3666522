import type { StoreErrorCode } from '../errors.js';
import type { Features } from '../features.js';

/** The calls that go to a node's process. */
export const NODE_METHODS = ['command', 'insert', 'insertJson', 'query', 'exportTsv', 'importTsv', 'close'] as const;
export type NodeMethod = (typeof NODE_METHODS)[number];

export interface NodeRequest {
  readonly id: number;
  readonly method: NodeMethod;
  readonly args: readonly unknown[];
}

export interface NodeError {
  readonly code: StoreErrorCode;
  readonly message: string;
  readonly engineCode: number | undefined;
  readonly outcomeUnknown: boolean;
}

export type NodeAnswer =
  | { readonly kind: 'ready'; readonly version: string; readonly features: Features }
  | { readonly kind: 'failed'; readonly error: NodeError }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: NodeError };
