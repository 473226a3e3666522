import { Journal } from '@marketprism/stream/journal';
import { z } from 'zod';

import { StoreError } from '../errors.js';
import type { NodeSpec } from './replica.js';

const node = z.custom<NodeSpec>(
  (value) =>
    typeof value === 'object' && value !== null && 'open' in value && /^[\w-]+$/.test((value as NodeSpec).name),
  'must have a name of letters, digits, _ and -, and a way to open it',
);

const schema = z
  .strictObject({
    nodes: z.array(node).min(1).max(9),
    journal: z.custom<Journal>((value) => value instanceof Journal, 'must be an open journal'),
    minReplicas: z.int().min(0).max(8).default(1),
    deadlineMs: z.int().min(100).max(3_600_000).default(30_000),
    startMs: z.int().min(100).max(600_000).default(30_000),
    failoverMs: z.int().min(0).max(60_000).default(5_000),
    probeEveryMs: z.int().min(50).max(60_000).default(500),
    probeMs: z.int().min(50).max(60_000).default(1_000),
    leaseMs: z.int().min(1_000).max(600_000).default(10_000),
    maxLagBytes: z.int().min(1_048_576).default(536_870_912),
    log: z.custom<(line: string) => void>((value) => typeof value === 'function', 'must be a function').optional(),
  })
  .refine(({ nodes, minReplicas }) => nodes.length > minReplicas, {
    path: ['minReplicas'],
    message: 'must be less than the number of nodes',
  })
  .refine(({ nodes }) => new Set(nodes.map(({ name }) => name)).size === nodes.length, {
    path: ['nodes'],
    message: 'must have names that differ',
  });

/** How several nodes are one store. */
export interface RedundantOptions {
  /** The nodes, the preferred primary first. Usually three. */
  nodes: readonly NodeSpec[];
  /** Where writes are kept until every node has them. May be shared with a stream. */
  journal: Journal;
  /** Replicas besides the primary that must have a write before it succeeds. Default 1. */
  minReplicas?: number;
  /** Longest time for a write, in ms. Default 30,000. */
  deadlineMs?: number;
  /** Longest time to reach a majority of the nodes at start, in ms. Default 30,000. */
  startMs?: number;
  /** Longest time that a read waits for a node to take over, in ms. Default 5,000. */
  failoverMs?: number;
  /** How often nodes are asked whether they live, in ms. Default 500. */
  probeEveryMs?: number;
  /** Longest wait for that answer, in ms; two missed in a row, and the node is given up. Default 1,000. */
  probeMs?: number;
  /** For how long the writer's lease lasts without renewal, in ms. Default 10,000. */
  leaseMs?: number;
  /** Bytes in the journal beyond which a node that is away is left behind and repaired later. Default 512 MiB. */
  maxLagBytes?: number;
  log?: (line: string) => void;
}

export type ResolvedRedundantOptions = z.infer<typeof schema>;

/** @throws StoreError `INVALID` naming every wrong option */
export function resolveRedundantOptions(options: RedundantOptions): ResolvedRedundantOptions {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join('.') || 'options'}: ${message}`);
  throw new StoreError('INVALID', `redundant store options are wrong:\n${lines.join('\n')}`);
}
