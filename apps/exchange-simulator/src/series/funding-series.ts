import { coinOf, startingPrice } from './bases.js';
import { hashText, uniformAt } from './hash.js';
import { priceFactor } from './price-walk.js';
import { scaled, type Scaled } from './lexeme.js';

const PURPOSE = { shape: 0, size: 1, bias: 2, prediction: 3, price: 4 } as const;

/** What the series needs to know of a contract. */
export interface SeriesSubject {
  /** `<venue>|<symbolId>` */
  readonly key: string;
  readonly base: string;
  /** Decimal places of a rate. */
  readonly rateScale: number;
  /** Decimal places of a price. */
  readonly priceScale: number;
  /** The rate that a calm market has: the interest part, 0.0001 for eight hours on most venues. */
  readonly calmRate: number;
}

export interface FundingSeriesOptions {
  readonly seed: number;
  /** Milliseconds between settlements; they fall on its multiples since the epoch. */
  readonly settlementMs: number;
}

/**
 * The published series: every number a pure function of seed, contract and time, so that a restarted simulator goes on
 * where the last one stopped and an auditor can ask for any settlement again.
 */
export class FundingSeries {
  readonly settlementMs: number;
  private readonly seed: number;
  private readonly hashes = new Map<string, number>();

  constructor({ seed, settlementMs }: FundingSeriesOptions) {
    this.seed = seed;
    this.settlementMs = settlementMs;
  }

  /** The first settlement strictly after `now`: a rate settles at its time, and from then on is history. */
  nextSettlement(now: number): number {
    return this.lastSettlement(now) + this.settlementMs;
  }

  /** The latest settlement at or before `now`. */
  lastSettlement(now: number): number {
    return Math.floor(now / this.settlementMs) * this.settlementMs;
  }

  /** The rate of one settlement; it never changes. */
  rate(subject: SeriesSubject, settlementTime: number): Scaled {
    return scaled(this.draw(subject, settlementTime, PURPOSE.shape), subject.rateScale);
  }

  /** A forecast of the settlement after next: it changes every two seconds and says nothing binding. */
  prediction(subject: SeriesSubject, settlementTime: number, now: number): Scaled {
    const wobble = uniformAt(this.seed, this.hash(subject.key), Math.floor(now / 2_000), PURPOSE.prediction) - 0.5;
    return scaled(this.draw(subject, settlementTime, PURPOSE.shape) + wobble * 0.00005, subject.rateScale);
  }

  markPrice(subject: SeriesSubject, now: number): Scaled {
    return scaled(this.indexNumber(subject, now) * (1 + this.basis(subject, now)), subject.priceScale);
  }

  indexPrice(subject: SeriesSubject, now: number): Scaled {
    return scaled(this.indexNumber(subject, now), subject.priceScale);
  }

  /** Decimal places that give a base's price about five significant digits, between 1 and 8. */
  priceScale(base: string): number {
    return Math.min(8, Math.max(1, 4 - Math.floor(Math.log10(this.startingPrice(base)))));
  }

  /** Uniform in [0, 1) for whatever else a venue's payload wants to vary by contract. */
  trait(key: string, purpose: number): number {
    return uniformAt(this.seed, this.hash(key), purpose, 200);
  }

  private draw(subject: SeriesSubject, settlementTime: number, purpose: number): number {
    const hash = this.hash(subject.key);
    const shape = uniformAt(this.seed, hash, settlementTime, purpose);
    if (shape < 0.01) return 0;
    if (shape < 0.08) return subject.calmRate;
    const size = uniformAt(this.seed, hash, settlementTime, PURPOSE.size) * 2 - 1;
    const bias = uniformAt(this.seed, hash, 0, PURPOSE.bias) * 2 - 1;
    return bias * subject.calmRate + size * subject.calmRate * (shape > 0.98 ? 30 : 5);
  }

  private indexNumber(subject: SeriesSubject, now: number): number {
    // One price per base on all venues, as arbitrage keeps it.
    return this.startingPrice(subject.base) * priceFactor(this.seed, this.hash(coinOf(subject.base)), now);
  }

  private startingPrice(base: string): number {
    return startingPrice(base, uniformAt(this.seed, this.hash(coinOf(base)), 0, PURPOSE.price));
  }

  private basis(subject: SeriesSubject, now: number): number {
    return (priceFactor(this.seed, this.hash(subject.key), now) - 1) / 50;
  }

  private hash(key: string): number {
    let hash = this.hashes.get(key);
    if (hash === undefined) {
      hash = hashText(key);
      this.hashes.set(key, hash);
    }
    return hash;
  }
}
