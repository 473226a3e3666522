import { systemClock } from '@marketprism/reliability';
import type { VenueSettings } from '../config/venue-settings.js';
import { isVenueError } from '../venues/venue-error.js';
import type { FundingRatesService, RatesAnswer } from './funding-rates.service.js';
import { type IntakeParts, ListIntake, type Taken } from './list-intake.js';
import { type PollResult, PollStatus } from './poll-status.js';
import type { VenueRequests } from './venue-requests.js';

/** Asking for more symbols one by one than this costs more than the whole list. */
const MAX_BY_SYMBOL = 20;
/** A preferred request that the venue did not have is tried again after this long, in ms. */
const RETRY_PREFERRED_MS = 3_600_000;

export interface PollerParts extends IntakeParts {
  readonly rates: FundingRatesService;
  readonly requests: VenueRequests;
  /** Ends every call under way. */
  readonly signal: AbortSignal;
}

/** Polls one group of a venue's symbols, by the first of its requests that the venue has. */
export class ListPoller {
  readonly status = new PollStatus();
  readonly #intake: ListIntake;
  #source = 0;
  /** Monotonic ms since when a better request is not asked. */
  #sourceSince = 0;
  #timesSource = 0;
  /** Monotonic ms before which the second endpoint, which the venue does not have, is not asked again. */
  #timesAbsentUntil = -Infinity;

  constructor(
    readonly settings: VenueSettings,
    readonly list: string,
    private readonly parts: PollerParts,
  ) {
    this.#intake = new ListIntake(settings, list, parts);
  }

  /** The settlement that comes next, as far as known; ms since the epoch. */
  get nextSettlement(): number | undefined {
    return this.#intake.nextSettlement;
  }

  /** Takes an answer that was asked for another reason. */
  take(answer: RatesAnswer): void {
    if (answer.rows.length > 0) this.#intake.take(answer).catch(() => undefined);
  }

  /** One poll. Never throws: what went wrong is in the result. */
  async poll(): Promise<PollResult> {
    this.status.begin(systemClock.wallNow());
    try {
      await this.#askSettlementTimes();
      const taken = await this.#askRates();
      return this.status.succeed(systemClock.wallNow(), taken);
    } catch (error) {
      return this.status.fail(systemClock.wallNow(), error);
    }
  }

  /** A request that the venue does not have gives way to the next that can answer. */
  async #askRates(): Promise<Taken> {
    const { venue, symbols } = this.settings;
    const sources = venue.lists[this.list] ?? [];
    if (this.#source > 0 && systemClock.now() - this.#sourceSince > RETRY_PREFERRED_MS) this.#source = 0;
    for (let source = this.#source; ;) {
      let taken: Promise<Taken> | undefined;
      try {
        await this.parts.rates.fetch(
          {
            venue: venue.id,
            list: this.list,
            source,
            symbolIds: symbols,
            deliver: (answer) => {
              taken = this.#intake.take(answer);
              // An answer that nobody waits for any more is taken all the same; who still waits hears of a failure.
              taken.catch(() => undefined);
            },
          },
          undefined,
          this.parts.signal,
        );
        if (taken === undefined) throw new Error(`${venue.id}: no answer was delivered`);
        this.#choose(source);
        return await taken;
      } catch (error) {
        const next = nextSource(sources, source, symbols);
        if (!isAbsent(error) || next === undefined) throw error;
        source = next;
      }
    }
  }

  #choose(source: number): void {
    if (source === this.#source) return;
    this.#source = source;
    this.#sourceSince = systemClock.now();
  }

  /** Asks the second endpoint before the list, so that what it tells holds for the answer. */
  async #askSettlementTimes(): Promise<void> {
    const { venue, symbols } = this.settings;
    const sources = venue.settlementTimes ?? [];
    if (sources.length === 0 || this.#intake.tellsTimes === true || systemClock.now() < this.#timesAbsentUntil) return;
    if (this.nextSettlement !== undefined && systemClock.wallNow() < this.nextSettlement) return;
    for (let source = this.#timesSource; ;) {
      try {
        await this.parts.requests.settlementTimes(
          {
            venue: venue.id,
            list: this.list,
            symbolIds: symbols,
            source,
            deliver: ({ value, date }) => void this.#intake.takeNotice(value, date).catch(() => undefined),
          },
          undefined,
          this.parts.signal,
        );
        this.#timesSource = source;
        return;
      } catch (error) {
        const next = nextSource(sources, source, symbols);
        if (isAbsent(error) && next !== undefined) source = next;
        else {
          if (isAbsent(error)) this.#timesAbsentUntil = systemClock.now() + RETRY_PREFERRED_MS;
          this.status.degraded(`settlement times: ${(error as Error).message}`);
          return;
        }
      }
    }
  }
}

/** The next request that can be asked; those that go symbol by symbol need a few named symbols. */
function nextSource(
  sources: readonly { readonly bySymbol?: boolean }[],
  source: number,
  symbols: readonly string[],
): number | undefined {
  const index = sources.findIndex(
    ({ bySymbol }, at) => at > source && (bySymbol !== true || (symbols.length > 0 && symbols.length <= MAX_BY_SYMBOL)),
  );
  return index === -1 ? undefined : index;
}

/** Whether the venue says that it has no such request. */
function isAbsent(error: unknown): boolean {
  return isVenueError(error) && error.errorClass === 'client';
}
