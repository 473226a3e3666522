import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { marketSchema, type Market } from '../venues/market.js';
import type { VenueId } from '../venues/venue.js';

const cacheSchema = z.object({
  loadedAt: z.int().positive(),
  markets: z.array(marketSchema).min(1),
});

/** A venue's contracts by native id. */
export interface MarketList {
  /** ms since the epoch. */
  readonly loadedAt: number;
  readonly byId: ReadonlyMap<string, Market>;
}

export function marketList(markets: readonly Market[], loadedAt: number): MarketList {
  return { loadedAt, byId: new Map(markets.map((market) => [market.symbolId, market])) };
}

/** Market lists on disk, one file per venue: a start needs no network, and a failed load changes nothing. */
export class MarketCache {
  constructor(private readonly directory: string) {}

  /** `undefined` when there is none, or none that can be used. */
  async read(venue: VenueId): Promise<MarketList | undefined> {
    let content: unknown;
    try {
      content = JSON.parse(await readFile(this.#path(venue), 'utf8'));
    } catch {
      return undefined;
    }
    const parsed = cacheSchema.safeParse(content);
    return parsed.success ? marketList(parsed.data.markets, parsed.data.loadedAt) : undefined;
  }

  /** Replaces the file as a whole: a reader, or a crash, sees the old list or the new one. */
  async write(venue: VenueId, { loadedAt, byId }: MarketList): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const path = this.#path(venue);
    const temporary = `${path}.${process.pid}.tmp`;
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(JSON.stringify({ loadedAt, markets: [...byId.values()] }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  }

  #path(venue: VenueId): string {
    return join(this.directory, `${venue}.json`);
  }
}
