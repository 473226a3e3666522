import { ConfigError, loadConfig, parseConfig } from './load-config.js';
import { venueSettings } from './venue-settings.js';

const problemsOf = (input: unknown): string => {
  try {
    parseConfig(input, 'test.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'none';
};

describe('configuration', () => {
  it('needs nothing: eight venues as documented', () => {
    const settings = venueSettings(parseConfig({}, 'test'));
    expect([...settings.keys()]).toEqual([
      'okx',
      'binanceusdm',
      'bybit',
      'gate',
      'bitget',
      'hyperliquid',
      'krakenfutures',
      'kucoinfutures',
    ]);
    expect(settings.get('bybit')).toMatchObject({
      hosts: ['https://api.bybit.com', 'https://api.bytick.com'],
      lists: ['linear', 'inverse'],
      symbols: [],
      pollEveryMs: 30_000,
      limit: { limit: 600, windowMs: 5_000 },
    });
  });

  it('lays what is said of a venue over what is documented', () => {
    const settings = venueSettings(
      parseConfig({ venues: { okx: { hosts: ['http://127.0.0.1:8080/'], pollEveryMs: 500 }, gate: null } }, 'test'),
    );
    expect([...settings.keys()]).toEqual(['okx', 'gate']);
    expect(settings.get('okx')).toMatchObject({ hosts: ['http://127.0.0.1:8080'], pollEveryMs: 500, lists: ['swap'] });
  });

  it('listens on loopback by default', () => {
    expect(parseConfig({}, 'test').http.host).toBe('127.0.0.1');
  });

  it('names every problem by path, rule and value', () => {
    expect(
      problemsOf({
        http: { port: 70_000 },
        collect: { pollEveryMs: 'often', jiter: 0.1 },
        venues: { okx: { hosts: ['ftp://x'] }, gate: { lists: ['usdt', 'eur'] } },
      }),
    ).toBe(
      [
        'test.yaml: 5 problems:',
        '  - http.port: Too big: expected number to be <=65535; got 70000',
        '  - collect.pollEveryMs: Invalid input: expected number, received string; got "often"',
        '  - collect.jiter: is not a known key; got 0.1',
        '  - venues.okx.hosts.0: must be an http:// or https:// address; got "ftp://x"',
        '  - venues.gate.lists.1: must be one of usdt, btc; got "eur"',
      ].join('\n'),
    );
  });

  it('names a venue that there is not', () => {
    expect(problemsOf({ venues: { mtgox: null } })).toContain('venues.mtgox');
  });

  it('says which file cannot be read', () => {
    expect(() => loadConfig('/nowhere/collector.yaml')).toThrow('/nowhere/collector.yaml: cannot be read');
  });

  it('accepts the configuration that the project comes with', () => {
    expect(loadConfig('config/collector.yaml')).toEqual(parseConfig({}, 'defaults'));
  });
});
