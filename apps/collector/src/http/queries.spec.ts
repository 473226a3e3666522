import { BadRequestException } from '@nestjs/common';
import { csv } from './csv.js';
import { boundsOf, cursorOf, historyQuery, latestQuery, QueryPipe } from './queries.js';

const history = new QueryPipe(historyQuery);
const DAY = 86_400_000;

function problemsOf(query: object): unknown {
  try {
    history.transform(query);
  } catch (error) {
    if (error instanceof BadRequestException) return (error.getResponse() as { problems: unknown }).problems;
    throw error;
  }
  return undefined;
}

describe('queries', () => {
  it('read times as milliseconds or dates', () => {
    const { from, to } = history.transform({ from: '2026-11-21T00:00:00Z', to: '1795305600000' });
    expect([from, to]).toEqual([Date.UTC(2026, 10, 21), Date.UTC(2026, 10, 22)]);
  });

  it('find their way back to where a page ended', () => {
    const position = { fundingTime: 1_795_231_030_000, exchange: 'gate', symbolId: 'BTC_USDT' } as const;
    expect(history.transform({ cursor: cursorOf(position) }).cursor).toEqual(position);
  });

  it('answer with every problem, by path, rule and value', () => {
    expect(problemsOf({ exchange: 'mtgox', limit: '0', from: 'yesterday', cursor: 'x', sort: 'up' })).toEqual([
      { path: 'exchange', rule: expect.stringContaining('okx'), value: 'mtgox' },
      { path: 'from', rule: 'must be milliseconds since 1970 or an ISO 8601 date', value: 'yesterday' },
      { path: 'limit', rule: 'must be a whole number from 1 to 10000', value: '0' },
      { path: 'cursor', rule: 'must be the `next` of an earlier page', value: 'x' },
      { path: 'sort', rule: 'is not a known parameter', value: 'up' },
    ]);
  });

  it('refuse bounds the wrong way round, and a parameter that comes twice', () => {
    expect(problemsOf({ from: '2', to: '1' })).toEqual([{ path: 'to', rule: 'must be after from', value: '1' }]);
    expect(problemsOf({ symbol: ['a', 'b'] })).toHaveLength(1);
  });

  it('without bounds mean the last day and what is to come', () => {
    const now = 10 * DAY;
    expect(boundsOf(history.transform({}), now)).toEqual({ from: 9 * DAY, to: 11 * DAY });
    expect(boundsOf(history.transform({ to: String(3 * DAY) }), now)).toEqual({ from: 2 * DAY, to: 3 * DAY });
    expect(boundsOf(history.transform({ from: '5' }), now)).toEqual({ from: 5, to: 11 * DAY });
  });

  it('of the latest rates take no bounds', () => {
    expect(() => new QueryPipe(latestQuery).transform({ from: '1' })).toThrow(BadRequestException);
  });
});

describe('csv', () => {
  it('has a header, an empty field for null, and quotes where they are needed', () => {
    expect(csv([{ a: 'x,y', b: null, c: false }], ['a', 'b', 'c'])).toBe('a,b,c\n"x,y",,false\n');
  });
});
