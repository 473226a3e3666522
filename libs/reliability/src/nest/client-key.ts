import { isIPv4, isIPv6 } from 'node:net';

/** What can be told of a request, whatever framework it came by. */
export interface ClientRequest {
  /** As the framework has it, its own `trust proxy` setting considered. */
  readonly ip?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket?: { readonly remoteAddress?: string };
}

/** How clients are told apart. */
export interface ClientKeyRule {
  /**
   * How many proxies of one's own stand in front: so many entries from the right of `X-Forwarded-For` are theirs to
   * write. 0 (default) takes what the framework says, and never the header, which anybody can forge.
   */
  readonly proxies: number;
  /** Bits of an IPv6 address that are one client: a household has a whole prefix. 1 to 128. */
  readonly ipv6Prefix: number;
}

/** A key for the client of a request; `undefined` when nothing is known of it. */
export function clientKey(request: ClientRequest, { proxies, ipv6Prefix }: ClientKeyRule): string | undefined {
  const address = proxies === 0 ? (request.ip ?? request.socket?.remoteAddress) : forwardedFor(request, proxies);
  if (address === undefined) return undefined;
  const bare = withoutPort(address).replace(/%.*$/, '');
  if (isIPv4(bare) || !isIPv6(bare)) return bare;
  const groups = groupsOf(bare);
  return mappedIpv4(groups) ?? ipv6Network(groups, ipv6Prefix);
}

/** `[2001:db8::1]:443` and `192.0.2.1:443`, as some proxies write, without what is different for each connection. */
function withoutPort(address: string): string {
  return address.replace(/^\[|\](:\d+)?$/g, '').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
}

/** `192.0.2.1` for `::ffff:192.0.2.1`, in whatever form that is written. */
function mappedIpv4(groups: readonly number[]): string | undefined {
  if (groups.slice(0, 5).some((group) => group !== 0) || groups[5] !== 0xffff) return undefined;
  return [groups[6]! >> 8, groups[6]! & 0xff, groups[7]! >> 8, groups[7]! & 0xff].join('.');
}

/** The address that the outermost of our own proxies saw. */
function forwardedFor({ headers, socket }: ClientRequest, proxies: number): string | undefined {
  const given = headers?.['x-forwarded-for'];
  const chain = (typeof given === 'string' ? given : (given?.join(',') ?? '')).split(',').map((entry) => entry.trim());
  const seen = [...chain.filter((entry) => entry !== ''), socket?.remoteAddress];
  return seen[Math.max(0, seen.length - 1 - proxies)];
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = withoutDots(address).split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last].map((group) => Number.parseInt(group, 16));
}

/** The first `prefix` bits of an address, in full form: `2001:db8:0:1::/64` as `2001:db8:0:1:0:0:0:0/64`. */
function ipv6Network(groups: readonly number[], prefix: number): string {
  const masked = groups.map((group, index) => {
    const bits = Math.min(16, Math.max(0, prefix - 16 * index));
    return (group & (0xffff << (16 - bits)) & 0xffff).toString(16);
  });
  return `${masked.join(':')}/${prefix}`;
}

/** An address that ends in IPv4 form, with groups instead. */
function withoutDots(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
}
