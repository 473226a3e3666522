import { type ChildProcess, fork } from 'node:child_process';
import { type Clock, systemClock } from '../core/clock.js';
import type { EndpointRef } from '../core/endpoint.js';
import type { Provisioned, Provisioner } from '../load-balancer/provisioner.js';

export interface ChildProcessOptions {
  /** Module to run. Once it takes calls it sends its parent `{ url }`: `process.send({ url: 'http://127.0.0.1:4000' })`. */
  readonly module: string;
  readonly args?: readonly string[];
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags for Node; default those of this process. */
  readonly execArgv?: readonly string[];
  /** Time until it must take calls, ms; default 10,000. */
  readonly readyMs?: number;
  /** Time between SIGTERM and SIGKILL, ms; default 5,000. */
  readonly graceMs?: number;
  readonly clock?: Clock;
}

/** Starts endpoints as child processes of this one, on the same machine. They end with it. */
export function childProcessProvisioner(options: ChildProcessOptions): Provisioner {
  return new ChildProcessProvisioner(options);
}

class ChildProcessProvisioner implements Provisioner {
  readonly #children = new Map<string, ChildProcess>();
  readonly #stopping = new Set<ChildProcess>();
  readonly #killAll = () => {
    for (const child of this.#children.values()) child.kill('SIGKILL');
  };

  constructor(private readonly options: ChildProcessOptions) {}

  async start(signal: AbortSignal): Promise<Provisioned> {
    signal.throwIfAborted();
    const { module, args = [], env = {}, execArgv } = this.options;
    const child = fork(module, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      ...(execArgv !== undefined && { execArgv: [...execArgv] }),
    });
    try {
      const url = await this.#ready(child, signal);
      const id = `child-${child.pid}`;
      this.#keep(id, child);
      const lost = new Promise<void>((resolve) => {
        child.once('exit', () => {
          this.#forget(id);
          if (!this.#stopping.delete(child)) resolve();
        });
      });
      return { endpoint: { id, url }, lost };
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  async stop(endpoint: EndpointRef): Promise<void> {
    const child = this.#children.get(endpoint.id);
    if (child === undefined) return;
    const { clock = systemClock, graceMs = 5_000 } = this.options;
    this.#stopping.add(child);
    const gone = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    child.kill('SIGTERM');
    const kill = clock.schedule(graceMs, () => child.kill('SIGKILL'));
    await gone;
    kill.cancel();
  }

  #keep(id: string, child: ChildProcess): void {
    if (this.#children.size === 0) process.once('exit', this.#killAll);
    this.#children.set(id, child);
  }

  #forget(id: string): void {
    this.#children.delete(id);
    if (this.#children.size === 0) process.removeListener('exit', this.#killAll);
  }

  #ready(child: ChildProcess, signal: AbortSignal): Promise<string> {
    const { module, clock = systemClock, readyMs = 10_000 } = this.options;
    return new Promise<string>((resolve, reject) => {
      const late = clock.schedule(readyMs, () => reject(new Error(`${module} was not ready within ${readyMs} ms`)));
      const onMessage = (message: unknown) => {
        const url = (message as { url?: unknown } | null)?.url;
        if (typeof url === 'string') settle(() => resolve(url));
      };
      const onExit = (code: number | null) =>
        settle(() => reject(new Error(`${module} ended with ${code} before it was ready`)));
      const onError = (error: Error) => settle(() => reject(error));
      const onAbort = () => settle(() => reject(new Error(`Starting ${module} was given up`)));
      const settle = (end: () => void) => {
        late.cancel();
        child.removeListener('message', onMessage);
        child.removeListener('exit', onExit);
        child.removeListener('error', onError);
        signal.removeEventListener('abort', onAbort);
        end();
      };
      child.on('message', onMessage);
      child.once('exit', onExit);
      child.once('error', onError);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
