import type { PolicyPart } from '../../src/dashboard/wire.js';
import { fields, list, num, sum } from './read.js';

/** Samples kept for one name: five minutes at one a second. */
const KEPT = 300;
/** A rate is taken over at least this long, in ms. */
const RATE_OVER_MS = 3_000;

interface Totals {
  readonly calls: number;
  readonly failures: number;
  readonly refused: number;
}

export interface Sample extends Totals {
  readonly at: number;
  /** Latency of endpoints in ms, in the order of `endpoints`. */
  readonly latencies: readonly number[];
}

/** Rates per second. */
export interface Rates {
  readonly calls: number;
  readonly failures: number;
  readonly refused: number;
}

/** Totals over time, by name, from which rates and charts come. */
export class Traffic {
  readonly #samples = new Map<string, Sample[]>();

  sample(name: string, at: number, policies: ReadonlyMap<string, PolicyPart>): void {
    const own = this.#samples.get(name) ?? [];
    this.#samples.set(name, own);
    const last = own.at(-1);
    const totals = totalsOf(policies);
    // The server, or this policy, has started anew.
    if (last !== undefined && (at < last.at || totals.calls < last.calls)) own.length = 0;
    const latencies = list(policies.get('load-balancer')?.['endpoints']).map(({ latencyMs }) => num(latencyMs));
    own.push({ at, ...totals, latencies });
    if (own.length > KEPT) own.shift();
  }

  keepOnly(names: ReadonlyMap<string, unknown>): void {
    for (const name of this.#samples.keys()) if (!names.has(name)) this.#samples.delete(name);
  }

  samples(name: string): readonly Sample[] {
    return this.#samples.get(name) ?? [];
  }

  rates(name: string): Rates {
    const own = this.samples(name);
    const last = own.at(-1);
    const first = own.findLast(({ at }) => last !== undefined && last.at - at >= RATE_OVER_MS) ?? own[0];
    return last === undefined || first === undefined ? ratesBetween() : ratesBetween(first, last);
  }
}

export function ratesBetween(from?: Sample, to?: Sample): Rates {
  if (from === undefined || to === undefined || to.at <= from.at) return { calls: 0, failures: 0, refused: 0 };
  const seconds = (to.at - from.at) / 1_000;
  return {
    calls: (to.calls - from.calls) / seconds,
    failures: (to.failures - from.failures) / seconds,
    refused: (to.refused - from.refused) / seconds,
  };
}

/** Calls as the innermost policy that counts them all sees them. */
function totalsOf(policies: ReadonlyMap<string, PolicyPart>): Totals {
  const breaker = fields(policies.get('circuit-breaker')?.['counters']);
  const balancer = policies.get('load-balancer');
  const endpoints = list(balancer?.['endpoints']);
  const limiter = policies.get('rate-limiter');
  const bulkhead = policies.get('bulkhead');
  const retry = policies.get('retry');
  const calls =
    breaker['admitted'] !== undefined
      ? num(breaker['admitted']) + num(breaker['unrecorded'])
      : num(balancer?.['picks'] ?? bulkhead?.['admitted'] ?? limiter?.['admitted'] ?? retry?.['calls']);
  const failures =
    breaker['failures'] !== undefined
      ? num(breaker['failures'])
      : endpoints.length > 0
        ? endpoints.reduce((total, endpoint) => total + num(endpoint['failures']), 0)
        : num(retry?.['failedFirst']);
  const refused =
    num(breaker['refused']) + sum(limiter?.['refused']) + sum(bulkhead?.['refused']) + sum(balancer?.['refused']);
  return { calls, failures, refused };
}
