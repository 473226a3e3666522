import type { Timer } from '../core/timer.js';
import type { PolicyContext } from '../core/policy.js';
import type { CheckState } from './check-threshold.js';
import { noteCheck } from './check-threshold.js';
import type { HealthProbe } from './health-probe.js';
import { httpProbe, tcpProbe } from './health-probe.js';
import type { Instance } from './instance.js';
import type { HealthCheckOptions } from './load-balancer.options.js';

/** Told when the checks have come to another verdict; the instance still has the old one. */
export type OnVerdict = (instance: Instance, verdict: 'healthy' | 'unhealthy', now: number) => void;

class Watch {
  state: CheckState;
  timer: Timer | undefined;
  /** Set while a check runs, a late one included. */
  running: AbortController | undefined;
  stopped = false;

  constructor(readonly instance: Instance) {
    this.state = { verdict: instance.checked, against: 0 };
  }
}

/**
 * Checks each endpoint at intervals. Checks of one endpoint never overlap: one that does not end, although its time is
 * over and its signal aborted, counts as another bad answer at each interval until it does.
 */
export class HealthChecker {
  readonly #watches = new Map<Instance, Watch>();
  readonly #probe: HealthProbe;
  checks = 0;
  failedChecks = 0;

  constructor(
    private readonly options: HealthCheckOptions,
    private readonly context: PolicyContext,
    private readonly onVerdict: OnVerdict,
  ) {
    const { probe, path } = options;
    this.#probe = probe === 'http' ? httpProbe(path) : probe === 'tcp' ? tcpProbe : probe;
  }

  /** Checks these instances and no others. */
  watch(instances: readonly Instance[]): void {
    const wanted = new Set(instances);
    for (const [instance, watch] of this.#watches) if (!wanted.has(instance)) this.#stop(watch);
    for (const instance of instances) {
      if (this.#watches.has(instance)) continue;
      const watch = new Watch(instance);
      this.#watches.set(instance, watch);
      this.#schedule(watch, this.options.intervalMs * this.options.jitter * this.context.random.next());
    }
  }

  /** Ends all checks, those under way included. */
  close(): void {
    for (const watch of this.#watches.values()) this.#stop(watch);
  }

  #stop(watch: Watch): void {
    watch.stopped = true;
    watch.timer?.cancel();
    watch.running?.abort();
    this.#watches.delete(watch.instance);
  }

  #schedule(watch: Watch, delayMs: number): void {
    watch.timer = this.context.clock.schedule(delayMs, () => this.#due(watch));
  }

  #due(watch: Watch): void {
    const { intervalMs, jitter } = this.options;
    this.#schedule(watch, intervalMs * (1 + jitter * (this.context.random.next() - 0.5)));
    if (watch.running === undefined) void this.#check(watch);
    else this.#note(watch, false);
  }

  async #check(watch: Watch): Promise<void> {
    const abort = new AbortController();
    watch.running = abort;
    this.checks += 1;
    const late = this.context.clock.schedule(this.options.timeoutMs, () => {
      abort.abort(new Error(`No answer to a health check within ${this.options.timeoutMs} ms`));
      this.#note(watch, false);
    });
    let good: boolean;
    try {
      good = (await this.#probe(watch.instance.ref, abort.signal)) !== false;
    } catch {
      good = false;
    }
    late.cancel();
    watch.running = undefined;
    if (!abort.signal.aborted) this.#note(watch, good);
  }

  #note(watch: Watch, good: boolean): void {
    if (watch.stopped) return;
    if (!good) this.failedChecks += 1;
    const before = watch.state.verdict;
    watch.state = noteCheck(watch.state, good, this.options);
    const { verdict } = watch.state;
    if (verdict !== before && verdict !== 'unknown') {
      this.onVerdict(watch.instance, verdict, this.context.clock.now());
    }
  }
}
