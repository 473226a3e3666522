import { Resolver } from 'node:dns/promises';
import type { Discover, Discovered } from './discover.js';
import type { DnsOptions, EndpointOptions } from './load-balancer.options.js';

interface Address {
  readonly address: string;
  readonly ttl: number;
}

/**
 * Endpoints from DNS: one for each address of the name, or of the targets of its SRV records with their ports,
 * weights and priorities. The shortest time to live among the address records tells when to ask again; Node's resolver
 * does not give that of SRV records.
 */
export function dnsDiscovery(options: DnsOptions): Discover<EndpointOptions> {
  return async (signal) => {
    const resolver = new Resolver({ timeout: 2_000, tries: 2 });
    if (options.servers !== undefined) resolver.setServers(options.servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return options.type === 'SRV' ? await bySrv(resolver, options) : await byAddress(resolver, options);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}

async function byAddress(resolver: Resolver, options: DnsOptions): Promise<Discovered<EndpointOptions>> {
  const addresses = await addressesOf(resolver, options.name, options.type === 'AAAA' ? 'AAAA' : 'A');
  const port = options.port;
  return {
    endpoints: addresses.map(({ address }) => endpointAt(address, port, options.scheme)),
    ttlMs: shortestTtlMs(addresses),
  };
}

async function bySrv(resolver: Resolver, options: DnsOptions): Promise<Discovered<EndpointOptions>> {
  const records = await resolver.resolveSrv(options.name);
  const resolved = await Promise.all(
    records.map(async (record) => ({ record, addresses: await addressesOf(resolver, record.name, 'A') })),
  );
  const levels = [...new Set(records.map(({ priority }) => priority))].sort((one, other) => one - other);
  return {
    endpoints: resolved.flatMap(({ record, addresses }) =>
      addresses.map(({ address }) => ({
        ...endpointAt(address, record.port, options.scheme),
        // RFC 2782: weight 0 stands for a very small chance, not for none.
        weight: Math.max(record.weight, 1) / addresses.length,
        priority: Math.min(levels.indexOf(record.priority), 127),
      })),
    ),
    ttlMs: shortestTtlMs(resolved.flatMap(({ addresses }) => addresses)),
  };
}

function addressesOf(resolver: Resolver, name: string, type: 'A' | 'AAAA'): Promise<Address[]> {
  return type === 'A' ? resolver.resolve4(name, { ttl: true }) : resolver.resolve6(name, { ttl: true });
}

function shortestTtlMs(addresses: readonly Address[]): number {
  return Math.min(...addresses.map(({ ttl }) => ttl)) * 1_000;
}

function endpointAt(address: string, port: number | undefined, scheme: string): EndpointOptions {
  const host = address.includes(':') ? `[${address}]` : address;
  const authority = port === undefined ? host : `${host}:${port}`;
  return { id: authority, url: `${scheme}://${authority}` };
}
