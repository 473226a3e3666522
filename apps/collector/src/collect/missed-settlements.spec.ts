import { MissedSettlements } from './missed-settlements.js';

const HOUR = 3_600_000;
const at = (hours: number) => hours * HOUR;
const watching = (startedAt = 0) => new MissedSettlements(at(72), startedAt);
const btc = (missed: MissedSettlements, now: number) =>
  missed.needs('okx', now).find(({ symbolId }) => symbolId === 'BTC');

describe('MissedSettlements', () => {
  it('wants nothing before the first settlement', () => {
    const missed = watching();
    missed.observe('okx', 'swap', 'BTC', at(8), 8);
    expect(missed.needs('okx', 0)).toEqual([]);
  });

  it('wants a settlement that was observed confirmed, without calling it a gap', () => {
    const missed = watching();
    missed.observe('okx', 'swap', 'BTC', at(8), 8);
    missed.observe('okx', 'swap', 'BTC', at(16), 8);
    expect(btc(missed, at(8.1))).toMatchObject({ since: 0, gap: false, list: 'swap' });
  });

  it('sees the gap when answers jump over a settlement', () => {
    const missed = watching();
    missed.observe('okx', 'swap', 'BTC', at(8), 8);
    missed.observe('okx', 'swap', 'BTC', at(24), 8);
    expect(btc(missed, at(17))?.gap).toBe(true);
  });

  it('sees the gap by the distance seen before when the venue says nothing, or too much, of its interval', () => {
    const missed = watching();
    missed.observe('okx', 'swap', 'BTC', at(1), null);
    missed.observe('okx', 'swap', 'BTC', at(2), 8);
    missed.observe('okx', 'swap', 'BTC', at(4), 8);
    expect(btc(missed, at(3.5))?.gap).toBe(true);
  });

  it('sees a settlement between the start and the first answer', () => {
    const missed = watching(at(7));
    missed.observe('okx', 'swap', 'BTC', at(10), 1);
    expect(btc(missed, at(9.5))).toMatchObject({ since: at(7), gap: true });
  });

  it('wants what happened since an earlier run', () => {
    const missed = watching(at(20));
    missed.remember('okx', 'swap', 'BTC', at(8));
    missed.observe('okx', 'swap', 'BTC', at(24), 8);
    expect(btc(missed, at(20))).toMatchObject({ since: at(8), gap: true });
  });

  it('goes back no further than its depth', () => {
    const missed = new MissedSettlements(at(10), at(100));
    missed.remember('okx', 'swap', 'BTC', at(8));
    missed.observe('okx', 'swap', 'BTC', at(104), 8);
    expect(btc(missed, at(100))?.since).toBe(at(90));
  });

  it('is content once history has told everything', () => {
    const missed = watching();
    missed.observe('okx', 'swap', 'BTC', at(8), 8);
    missed.observe('okx', 'swap', 'BTC', at(24), 8);
    missed.confirm('okx', 'BTC', at(16));
    missed.observe('okx', 'swap', 'BTC', at(32), 8);
    expect(btc(missed, at(25))).toMatchObject({ since: at(16), gap: false });
  });

  it('wants nothing between two settlements once the last is confirmed', () => {
    const missed = watching();
    missed.observe('okx', 'swap', 'BTC', at(8), 8);
    missed.observe('okx', 'swap', 'BTC', at(16), 8);
    missed.confirm('okx', 'BTC', at(8));
    expect(missed.needs('okx', at(12))).toEqual([]);
  });

  it('goes on where a page of history ended', () => {
    const missed = watching();
    missed.observe('okx', 'swap', 'BTC', at(8), 8);
    missed.observe('okx', 'swap', 'BTC', at(40), 8);
    missed.confirm('okx', 'BTC', at(16));
    expect(btc(missed, at(33))).toMatchObject({ since: at(16), gap: true });
  });

  it('leaves alone what was deferred, and puts gaps first', () => {
    const missed = watching();
    for (const symbolId of ['BTC', 'ETH', 'SOL']) missed.observe('okx', 'swap', symbolId, at(8), 8);
    missed.observe('okx', 'swap', 'BTC', at(16), 8);
    missed.observe('okx', 'swap', 'ETH', at(24), 8);
    missed.observe('okx', 'swap', 'SOL', at(16), 8);
    missed.defer('okx', 'SOL', at(20));
    expect(missed.needs('okx', at(17)).map(({ symbolId }) => symbolId)).toEqual(['ETH', 'BTC']);
  });
});
