import type { WindowSample } from './sample-window.js';

const HISTORY = 20;
const ENOUGH = 8;
const RETREAT_RATIO = 0.95;
const HEADROOM = 1.3;
/** Windows with room to spare over which the latency of a dependency that nobody keeps waiting is averaged. */
const REST_WINDOWS = 20;

/**
 * Says when more concurrency stopped buying throughput. An adaptive limit alone drifts upwards under steady overload:
 * latency grows a little with each step up, the baseline follows it, and the next step looks just as harmless.
 *
 * The three vetoes of failsafe-go's adaptive limiter, over the last 20 windows in which the limit was used up:
 * throughput falls as concurrency grows; or throughput hardly follows it while latency does; or throughput is flat
 * while latency follows concurrency.
 */
export class DriftGuard {
  readonly #inFlight: number[] = [];
  readonly #throughput: number[] = [];
  readonly #latency: number[] = [];
  #unloadedMs = Number.MAX_VALUE;

  /** @param saturated whether the limit was used up far enough for the window to say something about more */
  add(sample: WindowSample, saturated: boolean): void {
    if (sample.count === 0) return;
    // While the limit is used up only the least latency counts: any other would take the queue for the work, and an
    // incident that lasts would become the measure of health.
    const { meanMs } = sample;
    const drift = saturated ? 0 : (meanMs - this.#unloadedMs) / REST_WINDOWS;
    this.#unloadedMs = Math.min(meanMs, this.#unloadedMs + drift);
    if (!saturated) return;
    push(this.#inFlight, sample.inFlight);
    push(this.#throughput, sample.throughput);
    push(this.#latency, meanMs);
  }

  /** Whether the limit should not grow. */
  get vetoes(): boolean {
    if (this.#inFlight.length < ENOUGH) return false;
    const withThroughput = correlation(this.#inFlight, this.#throughput);
    const withLatency = correlation(this.#inFlight, this.#latency);
    if (withThroughput < -0.5) return true;
    return withLatency > 0.5 && (withThroughput < 0.3 || variation(this.#throughput) < 0.2);
  }

  /**
   * Where a limit that bought nothing goes: down step by step, but not below what the throughput of now needs when
   * nothing queues (J. Little's law: concurrency = throughput × latency), with a little room.
   */
  retreat(limit: number): number {
    return Math.min(limit, Math.max(limit * RETREAT_RATIO, HEADROOM * mean(this.#throughput) * this.#unloadedMs));
  }
}

function push(series: number[], value: number): void {
  if (series.length === HISTORY) series.shift();
  series.push(value);
}

/** Pearson's correlation of two series of one length: −1 to 1, and 0 when one of them does not vary. */
export function correlation(left: readonly number[], right: readonly number[]): number {
  const meanLeft = mean(left);
  const meanRight = mean(right);
  let both = 0;
  let squaresLeft = 0;
  let squaresRight = 0;
  for (let index = 0; index < left.length; index += 1) {
    const offLeft = left[index]! - meanLeft;
    const offRight = right[index]! - meanRight;
    both += offLeft * offRight;
    squaresLeft += offLeft ** 2;
    squaresRight += offRight ** 2;
  }
  const scale = Math.sqrt(squaresLeft * squaresRight);
  return scale === 0 ? 0 : both / scale;
}

/** Standard deviation as a share of the mean. */
export function variation(series: readonly number[]): number {
  const average = mean(series);
  return Math.sqrt(mean(series.map((value) => (value - average) ** 2))) / average;
}

const mean = (series: readonly number[]) => series.reduce((sum, value) => sum + value, 0) / series.length;
