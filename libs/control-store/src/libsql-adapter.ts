import type { Client } from '@libsql/client';
import { PrismaLibSql } from '@prisma/adapter-libsql';

/**
 * Prisma's adapter, on a connection that is opened anew after each statement that failed. A statement that found the file
 * held by another process stays active in libsql (seen in 0.5.29): everything written over that connection afterwards is
 * then part of a transaction that never ends, and is lost without an error.
 */
export class SafeLibSql extends PrismaLibSql {
  override createClient(config: Parameters<PrismaLibSql['createClient']>[0]): Client {
    const client = super.createClient(config);
    const execute: Client['execute'] = client.execute.bind(client);
    // One after the other: nothing may be written between a failure and the new connection.
    let last: Promise<unknown> = Promise.resolve();
    client.execute = (...args: Parameters<Client['execute']>) => {
      const result = last.then(async () => {
        try {
          return await execute(...args);
        } catch (error) {
          client.reconnect();
          throw error;
        }
      });
      last = result.catch(() => undefined);
      return result;
    };
    return client;
  }
}
