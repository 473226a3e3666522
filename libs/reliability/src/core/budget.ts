import type { ErrorClass } from './error-class.js';

type Cause = ErrorClass | 'hedge';

/** What a repeated or additional attempt costs, by the class of failure that causes it; 1 where nothing is said. */
export type BudgetCosts = Partial<Record<Cause, number>>;

export interface TokenBudgetOptions {
  readonly form: 'tokens';
  /** Extra attempts per first attempt. */
  readonly ratio: number;
  /** Extra attempts that any window allows, however few calls there are. */
  readonly minPerWindow: number;
  readonly windowMs: number;
  readonly costs: BudgetCosts;
}

export interface InFlightBudgetOptions {
  readonly form: 'inFlight';
  /** Extra attempts under way, as a share of the operations under way. */
  readonly ratio: number;
  /** Extra attempts that may always be under way. */
  readonly minInFlight: number;
  readonly costs: BudgetCosts;
}

export type BudgetOptions = TokenBudgetOptions | InFlightBudgetOptions;

/** Plain data for `inspect()` and metrics. */
export interface BudgetSnapshot {
  readonly form: BudgetOptions['form'] | 'unlimited';
  /** Cost that could be taken now; `null` without a limit. */
  readonly available: number | null;
  /** Requests taken and refused since the start. */
  readonly granted: number;
  readonly refused: number;
}

/** First attempts are dated in batches of this many, so that counting one needs no clock. */
const BATCH = 64;

/**
 * Bounds the extra load that retries and hedges put on one dependency. Everybody who calls it shares one:
 * `context.shared('budget', name, () => new Budget(options, () => context.clock.now()))`.
 *
 * {@link opened} and {@link closed} surround each operation and cost an addition each; the clock is only needed when an
 * extra attempt is wanted. A {@link take} that is granted is followed by exactly one {@link giveBack} when that attempt
 * is over or was not made.
 */
export class Budget {
  /**
   * Set by a retry: it counts the operations, and a hedge of the same name must not count them again. A hedge calls
   * {@link opened} and {@link closed} only while this is `false`.
   */
  countedByRetry = false;
  private form: Form;
  private costs: BudgetCosts;
  private underWay = 0;
  private undated = 0;
  private granted = 0;
  private refused = 0;

  constructor(
    options: BudgetOptions | false,
    private readonly now: () => number,
  ) {
    this.form = formOf(options);
    this.costs = options === false ? {} : options.costs;
  }

  /** An operation begins: its first attempt is part of the load that extra attempts are measured by. */
  opened(): void {
    this.underWay += 1;
    this.undated += 1;
    if (this.undated === BATCH) this.date(this.now());
  }

  closed(): void {
    this.underWay -= 1;
  }

  /** Operations under way. */
  get operations(): number {
    return this.underWay;
  }

  /** @returns whether the extra attempt may be made */
  take(cause: Cause, now: number): boolean {
    this.date(now);
    const cost = this.costs[cause] ?? 1;
    if (cost > this.form.available(now, this.underWay)) {
      this.refused += 1;
      return false;
    }
    this.form.withdraw(cause, cost);
    this.granted += 1;
    return true;
  }

  giveBack(cause: Cause): void {
    this.form.giveBack(cause);
  }

  inspect(now: number): BudgetSnapshot {
    this.date(now);
    const available = this.form.available(now, this.underWay);
    return {
      form: this.form.name,
      available: available === Infinity ? null : available,
      granted: this.granted,
      refused: this.refused,
    };
  }

  /** What was deposited and withdrawn is kept when the form stays the same and its window too. */
  reconfigure(options: BudgetOptions | false): void {
    this.form = (options === false ? undefined : this.form.under(options)) ?? formOf(options);
    this.costs = options === false ? {} : options.costs;
  }

  private date(now: number): void {
    this.form.deposit(this.undated, now);
    this.undated = 0;
  }
}

/** How much extra load is allowed. */
interface Form {
  readonly name: BudgetSnapshot['form'];
  deposit(firstAttempts: number, now: number): void;
  available(now: number, operationsUnderWay: number): number;
  /** Follows {@link available} of the same instant. */
  withdraw(cause: Cause, cost: number): void;
  giveBack(cause: Cause): void;
  /** The same state under other options, where that makes sense. */
  under(options: BudgetOptions): Form | undefined;
}

function formOf(options: BudgetOptions | false): Form {
  if (options === false) return UNLIMITED;
  return options.form === 'tokens' ? new TokenForm(options) : new InFlightForm(options);
}

const UNLIMITED: Form = {
  name: 'unlimited',
  deposit: () => undefined,
  available: () => Infinity,
  withdraw: () => undefined,
  giveBack: () => undefined,
  under: () => undefined,
};

const SLICES = 10;

/**
 * Token form, after Finagle's RetryBudget: each first attempt deposits `ratio` tokens, each extra attempt withdraws its
 * cost, and what is older than the window is forgotten, a tenth of the window at a time. Unlike there, the minimum is
 * not added to the deposits but stands in for them when there are few. So over the last ten tenths
 * `extra attempts ≤ max(minPerWindow, ratio × first attempts)`, whatever fails.
 */
class TokenForm implements Form {
  readonly name = 'tokens';
  private readonly deposits = new Float64Array(SLICES);
  private readonly withdrawals = new Float64Array(SLICES);
  private slice = -1;

  constructor(private options: TokenBudgetOptions) {}

  deposit(firstAttempts: number, now: number): void {
    this.expire(now);
    this.deposits[this.slice % SLICES]! += firstAttempts;
  }

  available(now: number): number {
    this.expire(now);
    let deposited = 0;
    let withdrawn = 0;
    for (let slice = 0; slice < SLICES; slice += 1) {
      deposited += this.deposits[slice]!;
      withdrawn += this.withdrawals[slice]!;
    }
    return Math.max(0, Math.max(this.options.minPerWindow, deposited * this.options.ratio) - withdrawn);
  }

  withdraw(_cause: Cause, cost: number): void {
    this.withdrawals[this.slice % SLICES]! += cost;
  }

  /** What was withdrawn stays so: the attempt has put its load on the dependency. */
  giveBack(): void {}

  under(options: BudgetOptions): Form | undefined {
    if (options.form !== 'tokens' || options.windowMs !== this.options.windowMs) return undefined;
    this.options = options;
    return this;
  }

  private expire(now: number): void {
    const current = Math.floor((now / this.options.windowMs) * SLICES);
    for (let slice = Math.max(this.slice + 1, current - SLICES + 1); slice <= current; slice += 1) {
      this.deposits[slice % SLICES] = 0;
      this.withdrawals[slice % SLICES] = 0;
    }
    this.slice = Math.max(this.slice, current);
  }
}

/**
 * Share form, as Envoy's retry budget: extra attempts under way (their waits included) cost at most `ratio` of the
 * operations under way, or `minInFlight`, whichever is more.
 */
class InFlightForm implements Form {
  readonly name = 'inFlight';
  /** Extra attempts under way: what they cost may change meanwhile. */
  private readonly underWay = new Map<Cause, number>();

  constructor(private options: InFlightBudgetOptions) {}

  deposit(): void {}

  available(_now: number, operationsUnderWay: number): number {
    const { ratio, minInFlight } = this.options;
    return Math.max(0, Math.max(minInFlight, operationsUnderWay * ratio) - this.extra());
  }

  withdraw(cause: Cause): void {
    this.underWay.set(cause, this.count(cause) + 1);
  }

  giveBack(cause: Cause): void {
    this.underWay.set(cause, Math.max(0, this.count(cause) - 1));
  }

  under(options: BudgetOptions): Form | undefined {
    if (options.form !== 'inFlight') return undefined;
    this.options = options;
    return this;
  }

  private count(cause: Cause): number {
    return this.underWay.get(cause) ?? 0;
  }

  private extra(): number {
    let cost = 0;
    for (const [cause, count] of this.underWay) cost += count * (this.options.costs[cause] ?? 1);
    return cost;
  }
}
