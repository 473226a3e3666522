import { Chart } from './chart.js';
import { list, num, text } from './read.js';
import { tick, traffic } from './store.js';
import { ratesBetween, type Sample } from './traffic.js';

/** A point of a chart is taken over so many samples, which evens out the ticks. */
const SPREAD = 3;

export function TrafficSection({ name, endpoints }: { readonly name: string; readonly endpoints: unknown }) {
  const hosts = list(endpoints).map(({ id }) => text(id));
  const measured = list(endpoints).some(({ latencyMs }) => num(latencyMs) > 0);
  void tick.value;
  const samples = traffic.samples(name);
  const { calls, failures, refused } = traffic.rates(name);
  return (
    <section class="card wide" aria-labelledby="traffic">
      <div class="section-head">
        <h2 id="traffic">Traffic</h2>
        <span class="quiet nums">
          {calls.toFixed(1)} calls, {failures.toFixed(1)} failures, {refused.toFixed(1)} refusals a second, seen since
          this page was opened
        </span>
      </div>
      <div class="charts">
        <Chart title="Per second" unit="/s" names={['Calls', 'Failures', 'Refused']} data={rates(samples)} />
        {measured && (
          <Chart
            title="Latency by endpoint"
            unit=" ms"
            names={hosts.slice(0, 8)}
            data={latencies(samples, hosts.slice(0, 8))}
          />
        )}
      </div>
    </section>
  );
}

function rates(samples: readonly Sample[]): readonly (readonly number[])[] {
  const points = samples.slice(1).map((sample, index) => ({
    at: sample.at,
    ...ratesBetween(samples[Math.max(0, index + 1 - SPREAD)], sample),
  }));
  return [
    points.map(({ at }) => at),
    points.map(({ calls }) => calls),
    points.map(({ failures }) => failures),
    points.map(({ refused }) => refused),
  ];
}

function latencies(samples: readonly Sample[], hosts: readonly string[]): readonly (readonly (number | null)[])[] {
  return [
    samples.map(({ at }) => at),
    ...hosts.map((_, index) => samples.map(({ latencies: own }) => own[index] || null)),
  ] as (number | null)[][];
}
