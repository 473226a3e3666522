import type { SettlementTable } from './audit/served-log.js';
import type { Fault } from './faults/fault-board.js';
import type { FaultInput } from './faults/fault.schema.js';
import type { Violation } from './limits/rate-limit-enforcer.js';
import type { HostAddress, InstrumentSummary, PublishedQuery, ServedQuery, SimulatorStats } from './simulator.types.js';
import type { VenueId } from './venues/venue.js';

const ANSWER_WITHIN_MS = 10_000;

/** The control API of a simulator in another process; method for method as `Simulator`. */
export class SimulatorClient {
  private readonly controlUrl: string;

  constructor(controlUrl: string) {
    this.controlUrl = controlUrl;
  }

  hosts(): Promise<readonly HostAddress[]> {
    return this.get('hosts');
  }

  instruments(venue: VenueId): Promise<readonly InstrumentSummary[]> {
    return this.get('instruments', { venue });
  }

  served(venue: VenueId, query: ServedQuery = {}): Promise<SettlementTable> {
    return this.get('served', { venue, ...query });
  }

  published(venue: VenueId, query: PublishedQuery = {}): Promise<SettlementTable> {
    return this.get('published', { venue, ...query });
  }

  faults(): Promise<readonly Fault[]> {
    return this.get('faults');
  }

  async addFaults(faults: readonly FaultInput[]): Promise<readonly Fault[]> {
    return (await this.call('POST', 'faults', {}, faults)) as readonly Fault[];
  }

  /** @throws Error when there is no such fault. */
  async endFault(id: string): Promise<void> {
    await this.call('DELETE', `faults/${encodeURIComponent(id)}`, {});
  }

  violations(): Promise<readonly Violation[]> {
    return this.get('violations');
  }

  stats(): Promise<SimulatorStats> {
    return this.get('stats');
  }

  private async get<T>(path: string, query: object = {}): Promise<T> {
    return (await this.call('GET', path, query)) as T;
  }

  private async call(method: string, path: string, query: object, body?: unknown): Promise<unknown> {
    const url = new URL(path, `${this.controlUrl}/`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    const content: unknown = text === '' ? null : JSON.parse(text);
    if (response.ok) return content;
    const reason = typeof content === 'object' && content !== null && 'error' in content ? String(content.error) : text;
    throw new Error(`${method} ${url.pathname}: ${response.status}: ${reason}`);
  }
}
