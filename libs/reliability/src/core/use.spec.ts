import { Call } from './call.js';
import { costOf, keyOf, priorityOf } from './use.js';

const call = new Call('Rates.fetch', () => undefined, undefined, ['BTC']);
const site = 'Rates.fetch';

describe('use', () => {
  it('takes values and functions of the call', () => {
    expect(keyOf({ site, key: ({ args }) => String(args[0]) }, call, 'okx')).toBe('BTC');
    expect(keyOf({ site, key: (() => 42) as never }, call, 'okx')).toBe('42');
    expect(priorityOf({ site, priority: 'high' }, call, 'okx')).toBe('high');
    expect(priorityOf({ site, priority: () => 'low' }, call, 'okx')).toBe('low');
    expect(costOf({ site, cost: ({ args }) => args.length * 3 }, call, 'okx')).toBe(3);
  });

  it('falls back on the call and on one permit', () => {
    expect([keyOf({ site }, call, 'okx'), priorityOf({ site }, call, 'okx'), costOf({ site }, call, 'okx')]).toEqual([
      undefined,
      'normal',
      1,
    ]);
  });

  it('names site, policy and value when a function gives something unusable', () => {
    expect(() => keyOf({ site, key: (() => ({})) as never }, call, 'okx')).toThrow(
      'Rates.fetch: key for policy "okx": must give a non-empty string or a finite number; got {}',
    );
    expect(() => priorityOf({ site, priority: 'urgent' as never }, call, 'okx')).toThrow("got 'urgent'");
    expect(() => costOf({ site, cost: 0 }, call, 'okx')).toThrow('must be a positive finite number; got 0');
    expect(() => costOf({ site, cost: () => Infinity }, call, 'okx')).toThrow('got Infinity');
  });

  it('keeps what a function threw as the cause', () => {
    const cause = new TypeError('no tenant');
    const key = () => {
      throw cause;
    };
    expect(() => keyOf({ site, key }, call, 'okx')).toThrow(
      expect.objectContaining({ cause, message: 'Rates.fetch: key for policy "okx": the function threw' }),
    );
  });
});
