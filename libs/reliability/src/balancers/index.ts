export { type ChildProcessOptions, childProcessProvisioner } from './child-process-provisioner.js';
export { deterministicSubset, type DeterministicSubsetOptions } from './deterministic-subset.js';
export { maglev, type MaglevOptions } from './maglev.js';
export { ringHash, type RingHashOptions } from './ring-hash.js';
