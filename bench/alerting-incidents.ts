/**
 * Series with incidents at known times, drawn from a seed: what a service shows over some days, with the noise,
 * seasons, gaps, restarts and unusable values that real series have. Knows nothing of the rules that are to find the
 * incidents, and imports nothing.
 */
export interface LabelledSeries {
  /** `[at, value]`, or `[at, failures, calls]` of counters; ms. */
  readonly samples: (readonly [number, number, number?])[];
  readonly incidents: readonly Incident[];
}

export interface Incident {
  readonly from: number;
  readonly to: number;
}

export type IncidentKind = (typeof INCIDENT_KINDS)[number];

export const INCIDENT_KINDS = [
  'error burst',
  'slow error-budget burn',
  'latency rise',
  'heavy-tailed latency rise',
  'traffic drop',
  'queue growth',
  'memory leak',
  'flapping circuit',
  'retry budget drained',
  'retries exhausted',
] as const;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Numbers from a seed: xorshift128 (G. Marsaglia, 2003). */
class Chance {
  #x: number;
  #y = 362436069;
  #z = 521288629;
  #w = 88675123;

  constructor(seed: number) {
    this.#x = (seed * 2654435761 + 123456789) >>> 0;
    for (let turn = 0; turn < 20; turn += 1) this.uniform();
  }

  /** In [0, 1). */
  uniform(): number {
    const mixed = this.#x ^ (this.#x << 11);
    this.#x = this.#y;
    this.#y = this.#z;
    this.#z = this.#w;
    this.#w = (this.#w ^ (this.#w >>> 19) ^ mixed ^ (mixed >>> 8)) >>> 0;
    return this.#w / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  happens(probability: number): boolean {
    return this.uniform() < probability;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Events when `mean` are expected. */
  poisson(mean: number): number {
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    let [count, product] = [0, this.uniform()];
    const least = Math.exp(-mean);
    while (product > least) {
      product *= this.uniform();
      count += 1;
    }
    return count;
  }

  /** At least 1; the smaller `shape`, the heavier the tail. */
  pareto(shape: number): number {
    return (1 - this.uniform()) ** (-1 / shape);
  }
}

/** From night (low) to afternoon (high), once a day; 1 on average. */
const dayCurve = (at: number, depth: number, phase: number) =>
  1 + depth * Math.sin(2 * Math.PI * (at / DAY + phase)) + 0.3 * depth * Math.sin(4 * Math.PI * (at / DAY + phase));

/** Incidents well apart, none before `quiet`. */
function incidentsIn(chance: Chance, quiet: number, end: number, shortest: number, longest: number): Incident[] {
  const incidents: Incident[] = [];
  let from = quiet + chance.between(0, 6 * HOUR);
  while (from + longest < end) {
    const to = from + chance.between(shortest, longest);
    incidents.push({ from, to });
    from = to + chance.between(4 * HOUR, 16 * HOUR);
  }
  return incidents;
}

const duringAny = (incidents: readonly Incident[], at: number) =>
  incidents.find(({ from, to }) => at >= from && at < to);

/** Times of a scraper: late at times, away now and then. */
function* scrapes(chance: Chance, end: number, everyMs: number): Generator<number> {
  for (let at = 0; at < end; at += everyMs) {
    if (chance.happens(0.0005)) at += chance.between(2, 30) * everyMs;
    else if (chance.happens(0.005)) continue;
    yield Math.round(at + chance.between(0, 0.05 * everyMs));
  }
}

/** A gauge that follows `level`; a few values are unusable. */
function gauge(
  chance: Chance,
  end: number,
  everyMs: number,
  level: (at: number) => number,
): (readonly [number, number])[] {
  const samples: (readonly [number, number])[] = [];
  for (const at of scrapes(chance, end, everyMs)) {
    samples.push([at, chance.happens(0.001) ? Number.NaN : level(at)]);
  }
  return samples;
}

/** Two counters that now and then begin anew. */
function counters(
  chance: Chance,
  end: number,
  everyMs: number,
  callsPerSecond: (at: number) => number,
  failureShare: (at: number) => number,
): (readonly [number, number, number])[] {
  const samples: (readonly [number, number, number])[] = [];
  let [failures, calls, last] = [0, 0, 0];
  for (const at of scrapes(chance, end, everyMs)) {
    if (chance.happens(0.0004)) [failures, calls] = [0, 0];
    const made = chance.poisson((callsPerSecond(at) * (at - last)) / SECOND);
    calls += made;
    failures += Math.min(made, chance.poisson(made * failureShare(at)));
    last = at;
    samples.push([at, failures, calls]);
  }
  return samples;
}

type Draw = (chance: Chance) => LabelledSeries;

const DRAWN: Readonly<Record<IncidentKind, Draw>> = {
  'error burst': (chance) => {
    const end = 3 * DAY;
    const incidents = incidentsIn(chance, 2 * HOUR, end, 10 * MINUTE, 60 * MINUTE);
    const base = chance.between(0.0005, 0.01);
    const depths = incidents.map(() => chance.between(0.12, 0.8));
    const [rate, phase] = [chance.between(2, 50), chance.uniform()];
    const samples = counters(
      chance,
      end,
      15 * SECOND,
      (at) => rate * dayCurve(at, 0.5, phase),
      (at) => {
        const incident = duringAny(incidents, at);
        if (incident !== undefined) return depths[incidents.indexOf(incident)]!;
        return chance.happens(0.002) ? base + chance.between(0.05, 0.3) : base;
      },
    );
    return { samples, incidents };
  },

  'slow error-budget burn': (chance) => {
    const end = 6 * DAY;
    const incidents = incidentsIn(chance, 6 * HOUR, end, 3 * HOUR, 8 * HOUR).filter((_, index) => index % 3 === 0);
    const base = chance.between(0.00005, 0.0003);
    const depths = incidents.map(() => chance.between(0.01, 0.05));
    const [rate, phase] = [chance.between(20, 80), chance.uniform()];
    const samples = counters(
      chance,
      end,
      60 * SECOND,
      (at) => rate * dayCurve(at, 0.5, phase),
      (at) => {
        const incident = duringAny(incidents, at);
        if (incident !== undefined) return depths[incidents.indexOf(incident)]!;
        return chance.happens(0.0005) ? 0.02 : base;
      },
    );
    return { samples, incidents };
  },

  'latency rise': (chance) => {
    const end = 5 * DAY;
    const incidents = incidentsIn(chance, 2.5 * DAY, end, 15 * MINUTE, 90 * MINUTE);
    const factors = incidents.map(() => chance.between(1.8, 4));
    const [base, depth, phase] = [chance.between(20, 400), chance.between(0.1, 0.4), chance.uniform()];
    let drift = 0;
    const samples = gauge(chance, end, 60 * SECOND, (at) => {
      drift = 0.9 * drift + 0.03 * chance.normal();
      const incident = duringAny(incidents, at);
      const factor = incident === undefined ? 1 : factors[incidents.indexOf(incident)]!;
      const blip = chance.happens(0.003) ? chance.between(1.5, 5) : 1;
      return base * dayCurve(at, depth, phase) * Math.exp(drift + 0.05 * chance.normal()) * factor * blip;
    });
    return { samples, incidents };
  },

  'heavy-tailed latency rise': (chance) => {
    const end = 2 * DAY;
    const incidents = incidentsIn(chance, 6 * HOUR, end, 10 * MINUTE, 60 * MINUTE);
    const factors = incidents.map(() => chance.between(4, 10));
    const [base, shape] = [chance.between(5, 100), chance.between(2, 3.5)];
    const samples = gauge(chance, end, 30 * SECOND, (at) => {
      const incident = duringAny(incidents, at);
      const factor = incident === undefined ? 1 : factors[incidents.indexOf(incident)]!;
      return base * chance.pareto(shape) * factor;
    });
    return { samples, incidents };
  },

  'traffic drop': (chance) => {
    const end = 7 * DAY;
    const incidents = incidentsIn(chance, 3 * DAY, end, 25 * MINUTE, 2 * HOUR);
    const left = incidents.map(() => chance.between(0, 0.4));
    const [base, depth, phase] = [chance.between(50, 5_000), chance.between(0.2, 0.5), chance.uniform()];
    const strengths = Array.from({ length: 8 }, () => chance.between(0.92, 1.08));
    const samples = gauge(chance, end, 60 * SECOND, (at) => {
      const incident = duringAny(incidents, at);
      const factor = incident === undefined ? 1 : left[incidents.indexOf(incident)]!;
      const today = at / DAY;
      const between = today % 1;
      const strength = strengths[Math.floor(today)]! * (1 - between) + strengths[Math.floor(today) + 1]! * between;
      return chance.poisson(base * dayCurve(at, depth, phase) * strength * factor);
    });
    return { samples, incidents };
  },

  'queue growth': (chance) => {
    const end = 2 * DAY;
    const incidents = incidentsIn(chance, 2 * HOUR, end, 20 * MINUTE, 90 * MINUTE);
    const arrivals = chance.between(1, 20);
    let queue = 0;
    let last = 0;
    const samples = gauge(chance, end, 15 * SECOND, (at) => {
      const seconds = (at - last) / SECOND;
      last = at;
      const served = duringAny(incidents, at) === undefined ? arrivals * 3 : 0;
      const burst = chance.happens(0.002) ? chance.between(5, 60) * arrivals : 0;
      queue = Math.max(0, queue + burst + chance.poisson(arrivals * seconds) - chance.poisson(served * seconds));
      return queue;
    });
    return { samples, incidents };
  },

  'memory leak': (chance) => {
    const end = 4 * DAY;
    // A leak ends with the restart that it leads to.
    const incidents = incidentsIn(chance, 8 * HOUR, end, 5 * HOUR, 9 * HOUR);
    const [idle, tooth] = [chance.between(0.25, 0.4), chance.between(0.05, 0.2)];
    let garbage = 0;
    let warm = 0;
    let started = 0;
    const samples = gauge(chance, end, 60 * SECOND, (at) => {
      const incident = duringAny(incidents, at);
      const restarted = incidents.some(({ to }) => to > started && to <= at) || chance.happens(0.0003);
      if (restarted && incident === undefined) started = at;
      warm = 0.1 * (1 - Math.exp(-(at - started) / HOUR));
      garbage = garbage > tooth || restarted ? 0 : garbage + tooth * chance.between(0.02, 0.12);
      const leaked =
        incident === undefined ? 0 : (0.93 - idle) * ((at - incident.from) / (incident.to - incident.from));
      return Math.min(1, idle + warm * 0.5 + garbage * 0.5 + leaked + 0.005 * chance.normal());
    });
    return { samples, incidents };
  },

  'flapping circuit': (chance) => {
    const end = 2 * DAY;
    const incidents = incidentsIn(chance, HOUR, end, 15 * MINUTE, 60 * MINUTE);
    let open = 0;
    let until = 0;
    const samples = gauge(chance, end, 15 * SECOND, (at) => {
      if (at < until) return open;
      if (duringAny(incidents, at) !== undefined) {
        open = 1 - open;
        until = at + chance.between(20, 70) * SECOND;
      } else if (open === 0 && chance.happens(0.001)) {
        open = 1;
        until = at + chance.between(0.5, 20) * MINUTE;
      } else open = 0;
      return open;
    });
    return { samples, incidents };
  },

  'retry budget drained': (chance) => {
    const end = 2 * DAY;
    const incidents = incidentsIn(chance, HOUR, end, 10 * MINUTE, 60 * MINUTE);
    const full = chance.between(10, 200);
    let available = full;
    const samples = gauge(chance, end, 15 * SECOND, (at) => {
      const drained = duringAny(incidents, at) !== undefined;
      if (drained) available = Math.max(0, available - full * chance.between(0.1, 0.5));
      else available = Math.min(full, available + full * chance.between(0.05, 0.3));
      if (!drained && chance.happens(0.004)) available = chance.between(0, 0.3) * full;
      return drained && chance.happens(0.1) ? Math.min(full, available + 1) : Math.floor(available);
    });
    return { samples, incidents };
  },

  'retries exhausted': (chance) => {
    const end = 2 * DAY;
    const incidents = incidentsIn(chance, HOUR, end, 10 * MINUTE, 60 * MINUTE);
    const [usual, many] = [chance.between(0.0001, 0.003), chance.between(0.2, 3)];
    let total = 0;
    let last = 0;
    const samples = gauge(chance, end, 15 * SECOND, (at) => {
      if (chance.happens(0.0004)) total = 0;
      const perSecond = duringAny(incidents, at) === undefined ? usual : many;
      total += chance.poisson((perSecond * (at - last)) / SECOND);
      last = at;
      return total;
    });
    return { samples, incidents };
  },
};

/** The series of a seed: always the same. */
export function labelledSeries(kind: IncidentKind, seed: number): LabelledSeries {
  return DRAWN[kind](new Chance(seed * 100 + INCIDENT_KINDS.indexOf(kind)));
}
