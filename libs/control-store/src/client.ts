import { PrismaPg } from '@prisma/adapter-pg';
import { BUSY_TIMEOUT_MS } from './busy.js';
import type { DatabaseAddress } from './database-url.js';
import { SafeLibSql } from './libsql-adapter.js';
import { PrismaClient as PostgresqlClient } from './generated/postgresql/client.js';
import { PrismaClient as SqliteClient } from './generated/sqlite/client.js';

export type { AlertRecord, AuditEntry as AuditRow } from './generated/sqlite/client.js';

/** The tables through Prisma. Both clients are made of the same models and have the same functions. */
export type ControlClient = Pick<
  SqliteClient,
  'configurationVersion' | 'auditEntry' | 'alertRecord' | '$connect' | '$disconnect'
>;

const MOST_CONNECTIONS = 4;

/** @param timeoutMs longest time for a connection and for a statement */
export function connect({ kind, url }: DatabaseAddress, timeoutMs: number): ControlClient {
  if (kind === 'sqlite') return new SqliteClient({ adapter: new SafeLibSql({ url, timeout: BUSY_TIMEOUT_MS }) });
  const adapter = new PrismaPg({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    // On both sides: a server that hangs does not end its statements.
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs,
    max: MOST_CONNECTIONS,
    application_name: 'marketprism-control-store',
  });
  return new PostgresqlClient({ adapter }) as unknown as ControlClient;
}
