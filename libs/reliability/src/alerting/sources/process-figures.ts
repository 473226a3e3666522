import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

export type ProcessFigure = 'heapShare' | 'residentBytes' | 'eventLoopUtilization' | 'cpuShare';

/** Figures of the process; the shares of time are those since the reading before. */
export class ProcessFigures {
  #loop = performance.eventLoopUtilization();
  #cpu = process.cpuUsage();
  #at: number;
  #utilization = 0;
  #cpuShare = 0;

  constructor(now: number) {
    this.#at = now;
  }

  /** Once for each evaluation: otherwise two rules would share the time between them. */
  refresh(now: number): void {
    const loop = performance.eventLoopUtilization();
    this.#utilization = performance.eventLoopUtilization(loop, this.#loop).utilization;
    this.#loop = loop;
    const elapsedMs = now - this.#at;
    if (elapsedMs > 0) {
      const cpu = process.cpuUsage();
      this.#cpuShare = (cpu.user + cpu.system - this.#cpu.user - this.#cpu.system) / 1_000 / elapsedMs;
      this.#cpu = cpu;
      this.#at = now;
    }
  }

  read(figure: ProcessFigure): number {
    switch (figure) {
      case 'heapShare': {
        const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
        return used / limit;
      }
      case 'residentBytes':
        return process.memoryUsage.rss();
      case 'eventLoopUtilization':
        return this.#utilization;
      case 'cpuShare':
        return this.#cpuShare;
    }
  }
}
