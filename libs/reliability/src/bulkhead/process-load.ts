import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../core/clock.js';
import { EventLoopDelay } from './event-loop-delay.js';

/** Limits on what the process may be under before calls are refused. A limit left out is not looked at. */
export interface LoadLimits {
  readonly eventLoopDelayMs?: number;
  readonly heapShare?: number;
}

/** Used heap as a share, 0 to 1, of the most that V8 will let it grow to. */
export function readHeapShare(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
}

/** What the process is under: how late its event loop runs, and how full its heap is. One serves every bulkhead. */
export class ProcessLoad {
  readonly #delay: EventLoopDelay;
  #heapShare = 0;

  constructor(clock: Clock, readHeap: () => number = readHeapShare) {
    this.#delay = new EventLoopDelay(clock, () => {
      this.#heapShare = readHeap();
    });
  }

  /** The worst of what is limited, as a multiple of its limit: 1 when a limit is reached. */
  relativeTo(limits: LoadLimits, now: number): number {
    const delayMs = this.#delay.read(now);
    return Math.max(
      limits.eventLoopDelayMs === undefined ? 0 : delayMs / limits.eventLoopDelayMs,
      limits.heapShare === undefined ? 0 : this.#heapShare / limits.heapShare,
    );
  }

  inspect(now: number) {
    return { eventLoopDelayMs: this.#delay.read(now), heapShare: this.#heapShare };
  }
}
