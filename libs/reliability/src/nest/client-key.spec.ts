import { clientKey, type ClientKeyRule } from './client-key.js';

const key = (ip: string | undefined, rule: Partial<ClientKeyRule> = {}) =>
  clientKey({ ip }, { proxies: 0, ipv6Prefix: 64, ...rule });

describe('clientKey', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:50123', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:0201', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:443', '192.0.2.1'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1:0:0:0:0/64'],
    ['2001:DB8:0:1::9', '2001:db8:0:1:0:0:0:0/64'],
    ['[2001:db8:0:1::9]:443', '2001:db8:0:1:0:0:0:0/64'],
    ['[2001:db8:0:1::9]', '2001:db8:0:1:0:0:0:0/64'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:0/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0:0:0:0:0/64'],
    ['::1', '0:0:0:0:0:0:0:0/64'],
    ['unknown', 'unknown'],
    [undefined, undefined],
  ])('of %s is %s', (ip, expected) => {
    expect(key(ip)).toBe(expected);
  });

  it('is a network of as many bits as told', () => {
    expect(key('2001:db8:ffff:ffff::1', { ipv6Prefix: 36 })).toBe('2001:db8:f000:0:0:0:0:0/36');
    expect(key('2001:db8::1', { ipv6Prefix: 128 })).toBe('2001:db8:0:0:0:0:0:1/128');
  });

  it('is the address that the outermost of our own proxies saw', () => {
    const request = {
      ip: '10.0.0.1',
      headers: { 'x-forwarded-for': '198.51.100.9, 203.0.113.7:41022, 10.0.0.2' },
      socket: { remoteAddress: '10.0.0.1' },
    };
    expect([0, 1, 2].map((proxies) => clientKey(request, { proxies, ipv6Prefix: 64 }))).toEqual([
      '10.0.0.1',
      '10.0.0.2',
      '203.0.113.7',
    ]);
  });
});
