import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MarketCache, marketList } from './venue-markets.js';

const MARKETS = [{ symbolId: 'BTC_USDT', symbol: 'BTC/USDT:USDT', intervalHours: 8 }];

describe('MarketCache', () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'markets-'))));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('gives back what was written, and leaves nothing else behind', async () => {
    const cache = new MarketCache(join(directory, 'deep'));
    await cache.write('gate', marketList(MARKETS, 1_795_231_026_133));
    expect(await cache.read('gate')).toEqual(marketList(MARKETS, 1_795_231_026_133));
    expect(await readdir(join(directory, 'deep'))).toEqual(['gate.json']);
  });

  it('has none where nothing was written', async () => {
    expect(await new MarketCache(directory).read('okx')).toBeUndefined();
  });

  it.each(['', '{', '[]', '{"loadedAt":1,"markets":[]}', '{"loadedAt":1,"markets":[{"symbolId":"X"}]}'])(
    'takes a file for none that says %j',
    async (content) => {
      await writeFile(join(directory, 'gate.json'), content);
      expect(await new MarketCache(directory).read('gate')).toBeUndefined();
    },
  );
});
