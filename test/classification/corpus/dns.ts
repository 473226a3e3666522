import { promises as dns } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { get } from '../clients.js';
import { failure, neverSent } from '../failure.js';
import type { World } from '../world.js';

/** An answer to the query with the given response code (RFC 1035 §4.1.1) and no records. */
export const withCode = (code: number) => (query: Buffer) => {
  const response = Buffer.from(query);
  response[2] = 0x81;
  response[3] = 0x80 | code;
  response.writeUInt16BE(0, 10);
  return response;
};

export async function resolving(world: World, answer: (query: Buffer) => Buffer | undefined): Promise<unknown> {
  const resolver = new dns.Resolver({ timeout: 50, tries: 1 });
  resolver.setServers([await world.dns(answer)]);
  return resolver.resolve4('rates.test');
}

export const names = [
  failure(neverSent('network'), 'DNS, no such name', (world) => resolving(world, withCode(3))),
  failure(neverSent('network'), 'DNS, the resolver failed', (world) => resolving(world, withCode(2))),
  failure(neverSent('network'), 'DNS, the resolver refuses', (world) => resolving(world, withCode(5))),
  failure(neverSent('network'), 'DNS, the name has no address', (world) => resolving(world, withCode(0))),
  failure(neverSent('timeout'), 'DNS, no answer', (world) => resolving(world, () => undefined)),
  failure(neverSent('network'), 'node:http by a resolver that knows no such name', async (world) => {
    const resolver = new dns.Resolver({ timeout: 50, tries: 1 });
    resolver.setServers([await world.dns(withCode(3))]);
    const lookup: LookupFunction = (host, _options, done) => {
      resolver.resolve4(host).then(
        (addresses) => done(null, addresses[0]!, 4),
        (error: NodeJS.ErrnoException) => done(error, '', 4),
      );
    };
    await get('http://rates.test/', { lookup });
  }),
];
