import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Capabilities } from '../core/capabilities.js';
import { ReliabilityError } from '../core/errors.js';
import { durationMs, parseOptions, positiveCount } from '../core/options.js';
import type { RedisConnection } from './redis-connection.js';
import type { ProbeTimes, StoreHealth } from './store-health.js';
import { afterFailure, AVAILABLE, mayProbe, whileProbing } from './store-health.js';

/** The shared store did not answer in time, cannot be reached, or answered with an error. */
export class StoreUnavailableError extends ReliabilityError {
  constructor(what: string, cause?: unknown) {
    super(`Shared store: ${what}`, {
      code: 'STORE_UNAVAILABLE',
      policyType: 'redis',
      policy: '',
      refused: true,
      cause,
    });
  }

  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'StoreUnavailableError',
      configurable: true,
      writable: true,
    });
  }
}

export const sharedStoreOptions = z.strictObject({
  commandMs: durationMs().default(50).describe('Longest that a caller waits for a command, in ms. Default 50.'),
  firstProbeMs: durationMs().default(100).describe('Ms from a failure until the store is tried again. Default 100.'),
  longestProbeMs: durationMs().default(5_000).describe('Longest time between two tries, in ms. Default 5,000.'),
  maxInFlight: positiveCount()
    .default(10_000)
    .describe('Most commands under way at a time, from 1; more are refused at once. Default 10,000.'),
});

export type SharedStoreOptions = z.input<typeof sharedStoreOptions>;

/** Runs on the server, atomically. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** Told when the store is lost and when it is back. */
export type HealthListener = (available: boolean, error: unknown) => void;

const PING = '{probe}';

/** A timer that is late by so many ms tells of a process that was held up. */
const HELD_UP_MS = 20;
const UNREAD_MS = 5;

/**
 * A Redis that cannot hold anybody up. Every command has our own deadline, since no client's defaults bound a server
 * that hangs; nothing is sent while the client is not connected, since it would wait in a queue and be carried out when
 * nobody wants it any more. After a failure all calls fail at once, but for one probe at a time with growing pauses: a
 * store that comes back is not met by everybody together.
 */
export class SharedStore {
  #health: StoreHealth = AVAILABLE;
  #inFlight = 0;
  readonly #commandMs: number;
  readonly #maxInFlight: number;
  readonly #probes: ProbeTimes;
  readonly #listeners = new Set<HealthListener>();
  /** Commands answered, failed (too late included), and refused because the store was known to be away. */
  readonly counters = { answered: 0, failed: 0, spared: 0, outages: 0 };

  /** @throws InvalidOptionsError */
  constructor(
    private readonly connection: RedisConnection,
    private readonly capabilities: Pick<Capabilities, 'clock' | 'random'>,
    options: SharedStoreOptions = {},
  ) {
    const { commandMs, firstProbeMs, longestProbeMs, maxInFlight } = parseOptions(
      sharedStoreOptions,
      options,
      'sharedStore',
    );
    this.#commandMs = commandMs;
    this.#maxInFlight = maxInFlight;
    this.#probes = { firstMs: firstProbeMs, longestMs: longestProbeMs };
  }

  get available(): boolean {
    return this.#health.kind === 'available';
  }

  /** @returns ends the subscription */
  onHealth(listener: HealthListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * Runs a script on keys that a cluster keeps together.
   * @throws StoreUnavailableError at once when the store is known to be away, and after `commandMs` at the latest
   */
  async run({ sha, text }: Script, keys: readonly [string, ...string[]], args: readonly string[]): Promise<unknown> {
    this.#admit();
    const rest = [String(keys.length), ...keys, ...args];
    return this.#guarded(async () => {
      try {
        return await this.connection.send(['EVALSHA', sha, ...rest], keys[0]);
      } catch (error) {
        // The server was restarted, its scripts flushed, or another node of the cluster has the key now.
        if (!isMissingScript(error)) throw error;
        return this.connection.send(['EVAL', text, ...rest], keys[0]);
      }
    });
  }

  /** While the store is away: finds out in the background whether it is back, if it is time to. */
  tryAgain(): void {
    if (mayProbe(this.#health, this.capabilities.clock.now())) void this.#probe();
  }

  #admit(): void {
    if (this.#health.kind === 'unavailable') {
      this.tryAgain();
      this.counters.spared += 1;
      throw new StoreUnavailableError('not available');
    }
    if (!this.connection.ready) {
      const error = new StoreUnavailableError('the client is not connected');
      this.#fail(error);
      throw error;
    }
    if (this.#inFlight >= this.#maxInFlight) throw new StoreUnavailableError(`${this.#inFlight} commands under way`);
  }

  /** By itself, in the background: nobody's call waits for it. */
  async #probe(): Promise<void> {
    this.#health = whileProbing(this.#health);
    try {
      if (!this.connection.ready) throw new StoreUnavailableError('the client is not connected');
      // A write: a server that is full or a replica answers a PING happily.
      await this.#inTime(this.connection.send(['SET', PING, '1', 'PX', '1000'], PING));
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#health = AVAILABLE;
    this.#tell(true, undefined);
  }

  async #guarded(send: () => Promise<unknown>): Promise<unknown> {
    this.#inFlight += 1;
    try {
      const answer = await this.#inTime(send());
      this.counters.answered += 1;
      return answer;
    } catch (error) {
      this.counters.failed += 1;
      const failure =
        error instanceof StoreUnavailableError ? error : new StoreUnavailableError('a command failed', error);
      if (!concernsOneKey(error)) this.#fail(failure);
      throw failure;
    } finally {
      this.#inFlight -= 1;
    }
  }

  #inTime(answer: Promise<unknown>): Promise<unknown> {
    const { clock } = this.capabilities;
    const due = clock.now() + this.#commandMs;
    return new Promise((resolve, reject) => {
      const refuse = () => reject(new StoreUnavailableError(`no answer within ${this.#commandMs} ms`));
      let timer = clock.schedule(this.#commandMs, () => {
        // A process that was held up itself may have the answer lying there unread: it is read before the next timer.
        if (clock.now() < due + HELD_UP_MS) refuse();
        else timer = clock.schedule(UNREAD_MS, refuse);
      });
      answer.then(
        (value) => {
          timer.cancel();
          resolve(value);
        },
        (error: unknown) => {
          timer.cancel();
          reject(error instanceof Error ? error : new StoreUnavailableError(String(error)));
        },
      );
    });
  }

  #fail(error: unknown): void {
    const was = this.#health;
    const { clock, random } = this.capabilities;
    // The many commands that were under way when the store was lost are one failure, not many.
    if (was.kind === 'unavailable' && !was.probing) return;
    this.#health = afterFailure(was, clock.now(), random.next(), this.#probes);
    if (was.kind === 'unavailable') return;
    this.counters.outages += 1;
    this.#tell(false, error);
  }

  #tell(available: boolean, error: unknown): void {
    for (const listener of Array.from(this.#listeners)) listener(available, error);
  }
}

/** Something else lies under the key: the server is well, and so are all other keys. */
function concernsOneKey(error: unknown): boolean {
  return error instanceof Error && /\bWRONGTYPE\b/.test(error.message);
}

function isMissingScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
