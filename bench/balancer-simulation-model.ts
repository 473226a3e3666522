import type { Clock, Random } from '@marketprism/reliability';

/** What an endpoint does with a call that it starts to serve at `now`. */
export interface Service {
  readonly ms: number;
  readonly fails?: boolean;
}

export type Behaviour = (now: number, random: Random) => Service;

export interface SimulatedEndpoint {
  readonly id: string;
  /** Calls it serves at the same time; others wait in line. */
  readonly servers: number;
  readonly behaviour: Behaviour;
}

/** Chooses an endpoint and is told the result. */
export interface Chooser {
  choose(now: number): { readonly index: number; done(ok: boolean, ms: number, now: number): void };
}

export interface Result {
  readonly p50: number;
  readonly p99: number;
  readonly failedShare: number;
  /** Share of calls by endpoint. */
  readonly shares: readonly number[];
  /** Share of calls by endpoint in each tenth of the run. */
  readonly sharesOverTime: readonly (readonly number[])[];
}

/** A clock that the event loop of the simulation moves. */
export class SimulatedClock implements Clock {
  time = 0;
  now(): number {
    return this.time;
  }
  wallNow(): number {
    return this.time;
  }
  schedule(): { cancel(): void } {
    return { cancel: () => undefined };
  }
}

interface Event {
  readonly at: number;
  readonly run: () => void;
}

/** Binary heap by time; events of the same time run in the order in which they were added. */
class EventQueue {
  readonly #heap: (Event & { order: number })[] = [];
  #order = 0;

  add(at: number, run: () => void): void {
    const heap = this.#heap;
    heap.push({ at, run, order: (this.#order += 1) });
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!this.#before(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  take(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length > 0 && last !== undefined) {
      heap[0] = last;
      for (let parent = 0; ;) {
        let least = parent;
        for (const child of [2 * parent + 1, 2 * parent + 2]) {
          if (child < heap.length && this.#before(child, least)) least = child;
        }
        if (least === parent) break;
        this.#swap(least, parent);
        parent = least;
      }
    }
    return first;
  }

  #before(one: number, other: number): boolean {
    const a = this.#heap[one]!;
    const b = this.#heap[other]!;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    [this.#heap[one], this.#heap[other]] = [this.#heap[other]!, this.#heap[one]!];
  }
}

class Server {
  busy = 0;
  /** Work that has been accepted and is not done, in ms of one server. */
  backlogMs = 0;
  readonly line: (() => void)[] = [];
}

export interface Load {
  readonly callsPerSecond: number;
  readonly calls: number;
  /** Calls at the start that are not counted. */
  readonly warmUp: number;
}

/** What the oracle may see: who is how busy, and how long each takes on average at this time. */
export interface Insight {
  readonly backlogs: () => readonly number[];
}

/** Poisson arrivals, one FIFO line per endpoint, everything in virtual time. */
export function simulate(
  endpoints: readonly SimulatedEndpoint[],
  load: Load,
  random: Random,
  clock: SimulatedClock,
  makeChooser: (insight: Insight) => Chooser,
): Result {
  const queue = new EventQueue();
  const servers = endpoints.map(() => new Server());
  const latencies: number[] = [];
  const picks = endpoints.map(() => 0);
  const tenths = Array.from({ length: 10 }, () => endpoints.map(() => 0));
  let failed = 0;
  let arrived = 0;
  const chooser = makeChooser({ backlogs: () => servers.map(({ busy, line }) => busy + line.length) });

  const arrive = () => {
    const number = arrived;
    arrived += 1;
    if (arrived < load.calls) queue.add(clock.time + exponential(1_000 / load.callsPerSecond, random), arrive);
    const arrivedAt = clock.time;
    const choice = chooser.choose(clock.time);
    const server = servers[choice.index]!;
    const endpoint = endpoints[choice.index]!;
    const serve = () => {
      server.busy += 1;
      const { ms, fails = false } = endpoint.behaviour(clock.time, random);
      queue.add(clock.time + ms, () => {
        server.busy -= 1;
        server.line.shift()?.();
        const took = clock.time - arrivedAt;
        choice.done(!fails, took, clock.time);
        if (number < load.warmUp) return;
        if (fails) failed += 1;
        else latencies.push(took);
      });
    };
    if (number >= load.warmUp) picks[choice.index]! += 1;
    tenths[Math.floor((number * 10) / load.calls)]![choice.index]! += 1;
    if (server.busy < endpoint.servers) serve();
    else server.line.push(serve);
  };
  queue.add(0, arrive);
  for (let event = queue.take(); event !== undefined; event = queue.take()) {
    clock.time = event.at;
    event.run();
  }
  latencies.sort((a, b) => a - b);
  const counted = load.calls - load.warmUp;
  const quantile = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? NaN;
  return {
    p50: quantile(0.5),
    p99: quantile(0.99),
    failedShare: failed / counted,
    shares: picks.map((count) => count / counted),
    sharesOverTime: tenths.map((counts) => counts.map((count) => (count * 10) / load.calls)),
  };
}

export function exponential(mean: number, random: Random): number {
  return -mean * Math.log(1 - random.next());
}

/** Log-normal with the given median and shape: latencies as services have them. */
export function logNormal(median: number, sigma: number, random: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return median * Math.exp(sigma * normal);
}
