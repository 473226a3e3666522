import type { Clock } from '../core/clock.js';
import { Failure, type Outcome, Success } from '../core/outcome.js';
import type { Timer } from '../core/timer.js';
import type { Circuit, Probe } from './circuit.js';
import type { ProbeContext } from './circuit-breaker.options.js';

/** What the prober needs of its breaker. */
export interface ProbedBreaker {
  /** Leave to probe, if it is due. */
  admitProbe(circuit: Circuit, key: string | undefined): Probe | undefined;
  reportProbe(circuit: Circuit, key: string | undefined, probe: Probe, outcome: Outcome): void;
}

/**
 * Finds out by itself, with a function of the user, whether what is behind open circuits has recovered. It has a timer
 * for each open circuit and each probe under way, and none otherwise.
 */
export class ActiveProbe {
  readonly #timers = new Map<Circuit, Timer>();
  #closed = false;

  constructor(
    private readonly breaker: ProbedBreaker,
    private readonly clock: Clock,
  ) {}

  /** Probes `circuit` in `delayMs`, in place of what was planned for it. */
  schedule(circuit: Circuit, key: string | undefined, delayMs: number, probe: ProbeOptions): void {
    this.cancel(circuit);
    if (this.#closed) return;
    const timer = this.clock.schedule(delayMs, () => {
      this.#timers.delete(circuit);
      void this.#run(circuit, key, probe);
    });
    this.#timers.set(circuit, timer);
  }

  cancel(circuit: Circuit): void {
    this.#timers.get(circuit)?.cancel();
    this.#timers.delete(circuit);
  }

  close(): void {
    this.#closed = true;
    for (const circuit of this.#timers.keys()) this.cancel(circuit);
  }

  async #run(circuit: Circuit, key: string | undefined, options: ProbeOptions): Promise<void> {
    while (!this.#closed) {
      const permit = this.breaker.admitProbe(circuit, key);
      if (permit === undefined) return;
      const outcome = await this.#probe(key, options);
      const before = reportedTo(circuit);
      this.breaker.reportProbe(circuit, key, permit, outcome);
      // One that said nothing gave its permit back: another at once would say as much, and the next, for ever.
      if (before !== undefined && reportedTo(circuit) === before) {
        this.schedule(circuit, key, options.maxWaitMs, options);
        return;
      }
    }
  }

  async #probe(key: string | undefined, { probe, maxWaitMs }: ProbeOptions): Promise<Outcome> {
    const startedAt = this.clock.now();
    const controller = new AbortController();
    let deadline!: Timer;
    const tooLong = new Promise<Outcome>((resolve) => {
      deadline = this.clock.schedule(maxWaitMs, () => {
        const reason = new Error(`No answer to the probe within ${maxWaitMs} ms`);
        resolve(new Failure(reason, maxWaitMs));
        controller.abort(reason);
      });
    });
    try {
      return await Promise.race([this.#answer(probe, { key, signal: controller.signal }, startedAt), tooLong]);
    } finally {
      deadline.cancel();
    }
  }

  async #answer(probe: ProbeOptions['probe'], context: ProbeContext, startedAt: number): Promise<Outcome> {
    try {
      const value = await probe(context);
      return new Success(value, this.clock.now() - startedAt);
    } catch (error) {
      return new Failure(error, this.clock.now() - startedAt);
    }
  }
}

/** Probes that have reported to a half-open circuit. */
const reportedTo = ({ phase }: Circuit) => (phase.kind === 'half-open' ? phase.reported : undefined);

export interface ProbeOptions {
  readonly probe: (context: ProbeContext) => unknown;
  readonly maxWaitMs: number;
}
