import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CircuitBreaker } from '../circuit-breaker/circuit-breaker.js';
import type { Capabilities } from '../core/capabilities.js';
import type { CircuitBreakerEvent } from '../core/events.js';
import { durationMs, parseOptions, positiveCount, ratio } from '../core/options.js';
import type { Timer } from '../core/timer.js';
import { FLEET_SCRIPT } from './fleet-script.js';
import type { FleetVerdict } from './fleet-verdict.js';
import { verdictOf } from './fleet-verdict.js';
import type { SharedStore } from './shared-store.js';
import { script } from './shared-store.js';

const FLEET = script(FLEET_SCRIPT);

/** The part of a breaker that evidence from elsewhere acts on. */
export type EvidencedBreaker = Pick<CircuitBreaker, 'name' | 'isolate' | 'beWary'>;

export const fleetBreakerOptions = z.strictObject({
  quorum: ratio()
    .default(0.5)
    .describe('Share of the live instances that must have opened for the others to open too, 0 to 1. Default 0.5.'),
  minInstances: positiveCount().default(2).describe('And at least so many, from 1. Default 2.'),
  waryFactor: ratio()
    .gt(0)
    .default(0.5)
    .describe(
      'Multiplies the thresholds of a breaker while others, too few for the quorum, are open; above 0 to 1. Default 0.5.',
    ),
  heartbeatMs: durationMs()
    .default(1_000)
    .describe('Ms between two reports of an instance; three missed ones and it is gone. Default 1,000.'),
  probeMs: durationMs().default(5_000).describe('Ms for which one instance alone may probe. Default 5,000.'),
  instance: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The name of this instance in the fleet: of one that is restarted often a lasting one, lest it count as several. Default: a random one.',
    ),
  prefix: z.string().default('breaker:').describe('Prefix of the keys in Redis. Default `breaker:`.'),
});

export type FleetBreakerOptions = z.input<typeof fleetBreakerOptions>;

/**
 * Lets the instances of a service learn from one another's breakers without letting one of them decide for all: each
 * publishes when its own breaker opens; a quorum opens all, fewer only make the others wary, by lower thresholds. When
 * the open time is over, one instance of the fleet probes; the others wait until it has succeeded.
 *
 * Without the store every breaker goes by its own evidence alone. State per key stays with each instance.
 */
export class FleetBreaker {
  readonly #options: z.output<typeof fleetBreakerOptions>;
  readonly #instance: string;
  readonly #keys: readonly [string, ...string[]];
  readonly #unsubscribe: () => void;
  #beat: Timer | undefined;
  #probe: Timer | undefined;
  #openUntil = -Infinity;
  #openedAt = -Infinity;
  #mayProbe = false;
  #verdict: FleetVerdict = 'calm';
  /** What happens to the breaker now happens because others said so: it is not evidence. */
  #echo = false;
  #closed = false;
  readonly counters = { reports: 0, openedByFleet: 0, probesGranted: 0, probesDenied: 0 };

  /** @throws InvalidOptionsError */
  constructor(
    private readonly breaker: EvidencedBreaker,
    private readonly store: SharedStore,
    private readonly context: Capabilities,
    options: FleetBreakerOptions = {},
  ) {
    this.#options = parseOptions(fleetBreakerOptions, options, `fleetBreaker "${breaker.name}"`);
    this.#instance = this.#options.instance ?? randomUUID();
    const base = `${this.#options.prefix}{${breaker.name}}:`;
    this.#keys = [`${base}live`, `${base}open`, `${base}probe`, `${base}recovered`];
    this.#unsubscribe = context.emit.on('circuit-breaker.transition', (event) => {
      if (event.policy === breaker.name && event.key === undefined && !this.#echo) this.#hear(event);
    });
    this.#scheduleBeat(0);
  }

  /** What the fleet's reports meant for this instance when it last heard of them. */
  get verdict(): FleetVerdict {
    return this.#verdict;
  }

  /** Leaves the fleet, and takes its word along: who comes back under another name is not to count twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsubscribe();
    this.#beat?.cancel();
    this.#probe?.cancel();
    void this.#leave();
  }

  #hear(event: Extract<CircuitBreakerEvent, { type: 'circuit-breaker.transition' }>): void {
    if (event.to === 'open') {
      const forMs = event.retryAfterMs ?? 0;
      this.#stayOpen(event.at, forMs);
      this.#openedAt = event.at;
      void this.#report(forMs);
      // Its probe failed: the fleet waits until this instance, or whoever comes after it, may probe again.
      if (this.#mayProbe) void this.#ask(forMs + this.#options.probeMs);
      this.#mayProbe = false;
    } else if (event.from === 'half-open') {
      this.#openUntil = -Infinity;
      this.#probe?.cancel();
      if (this.#mayProbe) void this.#tellRecovered();
      this.#mayProbe = false;
      void this.#report(0);
    }
  }

  #scheduleBeat(delayMs: number): void {
    this.#beat = this.context.clock.schedule(delayMs, () => {
      const { heartbeatMs } = this.#options;
      void this.#report(-1).finally(() => {
        // Spread, so that a fleet started together does not report together for ever.
        if (!this.#closed) this.#scheduleBeat(heartbeatMs * (0.75 + this.context.random.next() / 2));
      });
    });
  }

  async #report(openForMs: number): Promise<void> {
    const { heartbeatMs, quorum, minInstances } = this.#options;
    const args = ['report', this.#instance, String(Math.ceil(3 * heartbeatMs)), String(Math.ceil(openForMs))];
    let answer: unknown;
    try {
      answer = await this.store.run(FLEET, this.#keys, args);
    } catch {
      this.#apply('calm', 0);
      return;
    }
    this.counters.reports += 1;
    const [live, open, lastMs, recoveredMs] = (answer as unknown[]).map(Number);
    const verdict = verdictOf({ live: live!, open: open!, openForMs: lastMs! }, { quorum, minInstances });
    if (recoveredMs! >= 0) this.#recovered(recoveredMs!);
    this.#apply(verdict, lastMs!);
  }

  /** Somebody's probe succeeded after this breaker opened: it need not wait for the right to probe any more. */
  #recovered(agoMs: number): void {
    if (this.context.clock.now() - agoMs > this.#openedAt) this.#probe?.cancel();
  }

  #apply(verdict: FleetVerdict, openForMs: number): void {
    if (this.#closed) return;
    const now = this.context.clock.now();
    if (verdict === 'open' && this.#openUntil <= now) {
      this.counters.openedByFleet += 1;
      this.#openedAt = now;
      this.#isolate(now, openForMs);
    }
    if (verdict !== this.#verdict) {
      this.#verdict = verdict;
      this.breaker.beWary(verdict === 'wary' ? this.#options.waryFactor : 1);
    }
  }

  #isolate(now: number, forMs: number): void {
    this.#echo = true;
    try {
      this.breaker.isolate(forMs);
    } finally {
      this.#echo = false;
    }
    this.#stayOpen(now, forMs);
  }

  /** Before the breaker probes by itself, the fleet is asked whether it may. */
  #stayOpen(now: number, forMs: number): void {
    this.#openUntil = now + forMs;
    this.#probe?.cancel();
    const ahead = Math.min(ASK_AHEAD_MS, forMs / 2);
    this.#probe = this.context.clock.schedule(forMs - ahead, () => void this.#askToProbe(), now);
  }

  async #askToProbe(): Promise<void> {
    const granted = await this.#ask(this.#options.probeMs);
    if (this.#closed || granted === undefined) return;
    if (granted) {
      this.counters.probesGranted += 1;
      this.#mayProbe = true;
      return;
    }
    this.counters.probesDenied += 1;
    this.#isolate(this.context.clock.now(), Math.max(2 * ASK_AHEAD_MS, this.#options.heartbeatMs));
  }

  /** Whether this instance alone may probe, for so many ms; `undefined` when the store cannot say. */
  async #ask(forMs: number): Promise<boolean | undefined> {
    try {
      const args = ['probe', this.#instance, String(Math.ceil(forMs))];
      return Number(await this.store.run(FLEET, this.#keys, args)) === 1;
    } catch {
      return undefined;
    }
  }

  async #tellRecovered(): Promise<void> {
    try {
      await this.store.run(FLEET, this.#keys, ['recovered', this.#instance]);
    } catch {
      // The right to probe ends by itself, and the openings with their time.
    }
  }

  async #leave(): Promise<void> {
    try {
      await this.store.run(FLEET, this.#keys, ['leave', this.#instance]);
    } catch {
      // Three missed reports say the same.
    }
  }
}

/** How long before the end of the open time the right to probe is asked for. */
const ASK_AHEAD_MS = 200;
