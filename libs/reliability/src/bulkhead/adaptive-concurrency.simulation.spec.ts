import { seededRandom } from '../core/random.js';
import { AdaptiveConcurrency } from './adaptive-concurrency.js';
import { AimdRule } from './aimd-rule.js';
import { GradientRule } from './gradient-rule.js';
import type { LimitRule } from './limit-rule.js';
import { VegasRule } from './vegas-rule.js';

const OPTIONS = { initialLimit: 20, minLimit: 2, maxLimit: 1_000, windowMs: 100, minimumCalls: 10, driftGuard: true };

const RULES: readonly [string, () => LimitRule][] = [
  ['aimd', () => new AimdRule(0.9, 5_000)],
  ['vegas', () => new VegasRule(seededRandom(7), Infinity)],
  [
    'gradient2',
    () => new GradientRule({ tolerance: 1.5, smoothing: 0.2, baselineWindows: 100, baselineCeilingMs: Infinity }),
  ],
];

describe('AdaptiveConcurrency, simulated', () => {
  describe.each(RULES)('%s, against a dependency with 20 workers that take 20 ms', (_, rule) => {
    const steady = { workers: 20, serviceMs: () => 20 };

    it('settles near the workers under twice the load, and keeps them busy', () => {
      const { limits, served } = simulate(rule(), { ...steady, callsPerMs: 2, forMs: 10_000 });
      expect(Math.max(...limits)).toBeLessThanOrEqual(60);
      expect(limits.at(-1)).toBeGreaterThanOrEqual(18);
      expect(served / 10_000).toBeGreaterThan(0.93);
    });

    it('does not drift upwards over a thousand windows of slight overload', () => {
      const { limits } = simulate(rule(), { ...steady, callsPerMs: 1.1, forMs: 100_000 });
      expect(Math.max(...limits)).toBeLessThanOrEqual(60);
    });

    it('does not hold back a light load', () => {
      const { refused } = simulate(rule(), { ...steady, callsPerMs: 0.2, forMs: 10_000 });
      expect(refused).toBe(0);
    });

    it('takes constant timeouts for overload, not for steady latency', () => {
      const { limits } = simulate(rule(), {
        workers: 20,
        serviceMs: () => 5_000,
        callsPerMs: 0.5,
        forMs: 60_000,
        timeoutMs: 300,
      });
      expect(limits.at(-1)).toBeLessThanOrEqual(12);
    });

    it('gives way in a slow spell and comes back after it', () => {
      const { limits } = simulate(rule(), {
        workers: 20,
        serviceMs: (now) => (now > 3_000 && now < 8_000 ? 100 : 20),
        callsPerMs: 1.5,
        forMs: 16_000,
      });
      expect(limits.at(-1)).toBeGreaterThanOrEqual(18);
      expect(Math.max(...limits)).toBeLessThanOrEqual(80);
    });
  });

  it('without its guard drifts away: what the guard is for', () => {
    const rule = new GradientRule({
      tolerance: 1.5,
      smoothing: 0.2,
      baselineWindows: 100,
      baselineCeilingMs: Infinity,
    });
    const load = { workers: 20, serviceMs: () => 20, callsPerMs: 2, forMs: 20_000 };
    expect(simulate(rule, load, { driftGuard: false }).limits.at(-1)).toBeGreaterThan(100);
  });
});

interface Load {
  readonly workers: number;
  /** Mean time of work that waits for nothing, at a time. */
  readonly serviceMs: (now: number) => number;
  readonly callsPerMs: number;
  readonly forMs: number;
  /** After this long callers give up, and the work goes on. */
  readonly timeoutMs?: number;
}

/**
 * A dependency with a queue of its own, called at random moments (a Poisson process), event by event: calls above the
 * limit are refused, the rest wait for a worker. Half of the time that work takes is fixed, half exponential.
 */
function simulate(rule: LimitRule, load: Load, options = {}) {
  const control = new AdaptiveConcurrency({ ...OPTIONS, ...options }, rule);
  const random = seededRandom(1);
  const exponential = (mean: number) => -mean * Math.log(1 - random.next());
  const agenda = new Agenda();
  const waiting: (() => void)[] = [];
  const limits: number[] = [];
  let inFlight = 0;
  let busy = 0;
  let served = 0;
  let refused = 0;

  const work = (done: () => void) => {
    busy += 1;
    const ms = load.serviceMs(agenda.now);
    agenda.after(ms / 2 + exponential(ms / 2), () => {
      busy -= 1;
      done();
      waiting.shift()?.();
    });
  };
  const arrive = () => {
    agenda.after(exponential(1 / load.callsPerMs), arrive);
    if (inFlight >= control.limit) {
      refused += 1;
      return;
    }
    inFlight += 1;
    const startedAt = agenda.now;
    let settled = false;
    const settle = (dropped: boolean) => {
      if (settled) return;
      settled = true;
      control.observe(agenda.now - startedAt, inFlight, dropped, agenda.now);
    };
    const done = () => {
      settle(false);
      inFlight -= 1;
      served += 1;
    };
    if (load.timeoutMs !== undefined) agenda.after(load.timeoutMs, () => settle(true));
    if (busy < load.workers) work(done);
    else waiting.push(() => work(done));
  };
  arrive();
  for (let at = 0; at <= load.forMs; at += load.forMs / 20) {
    agenda.runUntil(at);
    limits.push(control.limit);
  }
  return { limits, served, refused };
}

/** What is to happen, in the order of its time: a binary heap. */
class Agenda {
  now = 0;
  readonly #heap: { at: number; task: () => void }[] = [];

  after(ms: number, task: () => void): void {
    const heap = this.#heap;
    const entry = { at: this.now + ms, task };
    let index = heap.push(entry) - 1;
    for (let parent = (index - 1) >> 1; index > 0 && heap[parent]!.at > entry.at; parent = (index - 1) >> 1) {
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  runUntil(at: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= at) {
      const next = this.#takeNext();
      this.now = next.at;
      next.task();
    }
    this.now = at;
  }

  #takeNext() {
    const heap = this.#heap;
    const next = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return next;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1;
      if (heap[child]!.at >= last.at) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return next;
  }
}
