/** What a delay may depend on. All of it is handed in: the same step gives the same delay. */
export interface BackoffStep {
  /** Which repetition the delay comes before: 1 for the first. */
  readonly retry: number;
  /** Uniform in [0, 1), drawn once per repetition. */
  readonly chance: number;
  /** The `chance` of the repetition before; 0 for the first. */
  readonly previousChance: number;
  /** The delay before the previous repetition, in ms; 0 for the first. */
  readonly previousMs: number;
  /** Since the operation began, in ms. */
  readonly elapsedMs: number;
  /** What {@link adaptive} has learned, in ms; ignored by all others. */
  readonly learnedMs: number;
}

/**
 * How a delay of d ms is spread: `none` gives d; a share p gives d·(1 ± p); `equal` gives d/2 to d; `full` gives 0 to d
 * (M. Brooker, "Exponential Backoff and Jitter", 2015); `decorrelated` replaces exponential delays by those of
 * {@link decorrelated}.
 */
export type Jitter = 'none' | 'proportional' | 'equal' | 'full' | 'decorrelated' | number;

/** Where a strategy ends by itself. */
export interface BackoffLimits {
  /** Repetitions, so one less than attempts. */
  readonly retries?: number;
  /** Time from the first attempt to the start of the last one, in ms. */
  readonly totalMs?: number;
}

/** No delay is longer, whatever the arithmetic says: one day, in ms. */
export const LONGEST_DELAY_MS = 86_400_000;

type Delay = (step: BackoffStep) => number;

interface Shape {
  readonly delay: Delay;
  /** What decorrelated jitter draws instead, where that is defined. */
  readonly decorrelated?: Delay;
  readonly jitter: Exclude<Jitter, 'proportional' | 'none'>;
  readonly capMs: number;
  readonly limits: BackoffLimits;
}

/**
 * The delays between attempts, as a pure function. Immutable: {@link jitter}, {@link cap} and {@link upTo} give new
 * ones, and their order makes no difference. Delays are finite, never negative, and never above the cap, jitter
 * included: near the cap only the part of the spread below it is used, so that capped clients do not fall into step.
 */
export class Backoff {
  constructor(private readonly shape: Shape) {}

  /** @returns ms to wait before the repetition, or `undefined` when the strategy has come to its end */
  delayMs(step: BackoffStep): number | undefined {
    const { jitter, capMs, limits } = this.shape;
    const { retries = Infinity, totalMs = Infinity } = limits;
    if (step.retry > retries) return undefined;
    const plainMs = (jitter === 'decorrelated' ? this.shape.decorrelated! : this.shape.delay)(step);
    const [low, high] = spread(jitter, bounded(plainMs, capMs), !(plainMs <= capMs));
    const delayMs = low + (Math.min(high, capMs) - low) * step.chance;
    return step.elapsedMs + delayMs > totalMs ? undefined : delayMs;
  }

  /**
   * @param jitter default ±10 %
   * @throws RangeError for a share outside 0 to 1, or `decorrelated` on delays that are not exponential
   */
  jitter(jitter: Jitter = 'proportional'): Backoff {
    if (jitter === 'decorrelated' && this.shape.decorrelated === undefined) {
      throw new RangeError('decorrelated jitter is defined for exponential backoff only');
    }
    const share = jitter === 'none' ? 0 : jitter === 'proportional' ? DEFAULT_JITTER : jitter;
    if (typeof share === 'number' && !(share >= 0 && share <= 1)) {
      throw new RangeError(`jitter must be a share from 0 to 1; got ${share}`);
    }
    return new Backoff({ ...this.shape, jitter: share });
  }

  /**
   * @param capMs longest delay in ms, at most one day; default 60,000
   * @throws RangeError below 0
   */
  cap(capMs = DEFAULT_CAP_MS): Backoff {
    assertAtLeast0({ capMs });
    return new Backoff({ ...this.shape, capMs: Math.min(capMs, LONGEST_DELAY_MS) });
  }

  /**
   * @param limits default 4 repetitions
   * @throws RangeError for limits below 0
   */
  upTo(limits: BackoffLimits = { retries: DEFAULT_RETRIES }): Backoff {
    const { retries = Infinity, totalMs = Infinity } = limits;
    assertAtLeast0({ retries, totalMs });
    return new Backoff({ ...this.shape, limits: { ...this.shape.limits, ...limits } });
  }
}

const DEFAULT_JITTER = 0.1;
const DEFAULT_CAP_MS = 60_000;
const DEFAULT_RETRIES = 4;
const DEFAULT_BASE_MS = 1_000;
const DEFAULT_FACTOR = 2;
/** F(1477) exceeds the largest double. */
const LAST_FIBONACCI = 1_476;
/** Keeps the median of the first delay near the base; from Polly's implementation. */
const DECORRELATED_SCALE = 1 / 1.4;

/**
 * Always `delayMs`.
 * @throws RangeError, as do the other strategies, for what is below 0 or no number
 */
export function fixed({ delayMs = DEFAULT_BASE_MS }: { delayMs?: number } = {}): Backoff {
  assertAtLeast0({ delayMs });
  return custom(() => delayMs);
}

/** `baseMs + stepMs × (retry − 1)`; `stepMs` defaults to `baseMs`. */
export function linear({
  baseMs = DEFAULT_BASE_MS,
  stepMs = baseMs,
}: { baseMs?: number; stepMs?: number } = {}): Backoff {
  assertAtLeast0({ baseMs, stepMs });
  return custom(({ retry }) => baseMs + stepMs * (retry - 1));
}

/** `baseMs × factor^(retry − 1)`. */
export function exponential({
  baseMs = DEFAULT_BASE_MS,
  factor = DEFAULT_FACTOR,
}: { baseMs?: number; factor?: number } = {}): Backoff {
  assertAtLeast0({ baseMs, factor });
  return new Backoff({
    delay: ({ retry }) => baseMs * factor ** (retry - 1),
    decorrelated: decorrelatedDelay(baseMs, factor),
    jitter: 0,
    capMs: LONGEST_DELAY_MS,
    limits: {},
  });
}

/** `baseMs × F(retry)` with F = 1, 1, 2, 3, 5, 8, … */
export function fibonacci({ baseMs = DEFAULT_BASE_MS }: { baseMs?: number } = {}): Backoff {
  assertAtLeast0({ baseMs });
  return custom(({ retry }) => baseMs * fibonacciNumber(retry));
}

/**
 * Decorrelated jitter v2 (G. Wijekoon and the Polly contributors, 2019): with t = retry − 1 + chance and
 * n(t) = 2^t · tanh(√(4t)), the delay is (n(t) − n(t′)) / 1.4 × baseMs, t′ being the t of the repetition before.
 * Delays above the cap, where the formula would put every client at the cap itself, are spread over its upper half.
 */
export function decorrelated({ baseMs = DEFAULT_BASE_MS }: { baseMs?: number } = {}): Backoff {
  return exponential({ baseMs }).jitter('decorrelated');
}

/** The delay learned by the policy, doubled with each further repetition of the same operation. */
export function adaptive(): Backoff {
  return custom(({ learnedMs, retry }) => learnedMs * 2 ** (retry - 1));
}

/** A strategy of one's own: what it gives is made finite and at least 0. */
export function custom(delay: Delay): Backoff {
  return new Backoff({ delay, jitter: 0, capMs: LONGEST_DELAY_MS, limits: {} });
}

function assertAtLeast0(given: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (!(value >= 0)) throw new RangeError(`${name} must be at least 0; got ${value}`);
  }
}

function decorrelatedDelay(baseMs: number, factor: number): Delay {
  const intrinsic = (t: number) => factor ** t * Math.tanh(Math.sqrt(4 * t));
  return ({ retry, chance, previousChance }) => {
    const before = retry === 1 ? 0 : intrinsic(retry - 2 + previousChance);
    // Infinity − Infinity is NaN, which is taken for "beyond any cap".
    return Math.max(0, intrinsic(retry - 1 + chance) - before) * DECORRELATED_SCALE * baseMs;
  };
}

function bounded(delayMs: number, capMs: number): number {
  if (Number.isNaN(delayMs)) return capMs;
  return Math.min(Math.max(0, delayMs), capMs);
}

function spread(jitter: Shape['jitter'], delayMs: number, capped: boolean): readonly [low: number, high: number] {
  switch (jitter) {
    case 'decorrelated':
      return capped ? [delayMs / 2, delayMs] : [delayMs, delayMs];
    case 'equal':
      return [delayMs / 2, delayMs];
    case 'full':
      return [0, delayMs];
    default:
      return [delayMs * (1 - jitter), delayMs * (1 + jitter)];
  }
}

function fibonacciNumber(n: number): number {
  let [previous, current] = [0, 1];
  for (let index = 1; index < Math.min(n, LAST_FIBONACCI); index += 1)
    [previous, current] = [current, previous + current];
  return current;
}
