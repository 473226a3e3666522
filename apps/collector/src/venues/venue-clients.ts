import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { systemClock } from '@marketprism/reliability';
import type { VenueSettings } from '../config/venue-settings.js';
import { VENUE_SETTINGS } from '../collector.tokens.js';
import type { VenueId } from './venue.js';
import { VenueClient } from './venue-client.js';

/** One client per configured venue, for as long as the application runs. */
@Injectable()
export class VenueClients implements OnApplicationShutdown {
  readonly #clients: ReadonlyMap<VenueId, VenueClient>;

  constructor(@Inject(VENUE_SETTINGS) settings: ReadonlyMap<VenueId, VenueSettings>) {
    this.#clients = new Map(
      [...settings].map(([id, { venue }]) => [id, new VenueClient(venue, () => systemClock.wallNow())]),
    );
  }

  of(id: VenueId): VenueClient {
    const client = this.#clients.get(id);
    if (client === undefined) throw new Error(`no such venue is configured: ${id}`);
    return client;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }
}
