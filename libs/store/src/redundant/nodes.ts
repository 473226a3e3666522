import { openDatabase, type DatabaseOptions } from '../open-database.js';
import { NodeDatabase, type NodeOptions } from './node-database.js';
import type { NodeSpec } from './replica.js';

/** A node that is an embedded engine in a process of its own. */
export const embeddedNode = (name: string, options: NodeOptions): NodeSpec => ({
  name,
  open: () => NodeDatabase.start(options),
});

/** A node that is an independent server. */
export const serverNode = (name: string, options: DatabaseOptions & { url: string }): NodeSpec => ({
  name,
  open: () => openDatabase(options),
});
