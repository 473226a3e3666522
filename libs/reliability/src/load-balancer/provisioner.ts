import type { EndpointRef } from '../core/endpoint.js';

/** An endpoint that a provisioner has started. */
export interface Provisioned {
  readonly endpoint: {
    readonly id: string;
    readonly url?: string;
    readonly target?: unknown;
    readonly weight?: number;
    readonly zone?: string;
    readonly priority?: number;
  };
  /** Resolves when it is gone without having been stopped. */
  readonly lost?: Promise<unknown>;
}

/** Starts and stops instances: processes, containers, virtual machines. */
export interface Provisioner {
  /** Starts one instance; resolves when it takes calls. Must give up when the signal is aborted. */
  start(signal: AbortSignal): Promise<Provisioned>;
  /** Stops an instance that takes no calls any more. */
  stop(endpoint: EndpointRef): Promise<void>;
}
