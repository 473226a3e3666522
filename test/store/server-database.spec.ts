import { openDatabase, type Database } from '@marketprism/store';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { clickhouseServer } from '../engines/clickhouse.js';
import { describeWithEngines, type Engine } from '../engines/engine.js';

describeWithEngines(['clickhouse-server'], 'a database on an old server', () => {
  const directory = mkdtempSync(join(tmpdir(), 'store-server-'));
  let server: Engine & { readonly url: string };
  let database: Database;
  const lines: string[] = [];

  beforeAll(async () => {
    server = await clickhouseServer(directory);
    await server.start();
    database = await openDatabase({ url: server.url, log: (line) => lines.push(line), deadlineMs: 5_000 });
  }, 60_000);

  afterAll(async () => {
    await database.close();
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  it('says what it is and what it lacks', () => {
    expect(database.kind).toBe('server');
    expect(database.features.insertQuorum).toBe(true);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`ClickHouse ${database.version}, server, http://127.0.0.1:`);
  });

  it('stores and reads with the very calls of the embedded one', async () => {
    await database.command(
      'CREATE TABLE event (id UInt64, text String, n Nullable(Float64)) ENGINE = MergeTree ORDER BY id',
    );
    await database.insert('event', [{ id: 18446744073709551615n, text: "it's \\ \n", n: null }], { token: 'x' });
    await database.insert('event', [{ id: 2, text: 'é', n: 0.5 }]);
    expect(await database.query('SELECT * FROM event ORDER BY id')).toEqual([
      { id: '2', text: 'é', n: 0.5 },
      { id: '18446744073709551615', text: "it's \\ \n", n: null },
    ]);
  });

  it('takes parameters, bound or not', async () => {
    const text = "it's \\ \n\t\0 {b:String} '); DROP TABLE x; -- 😀";
    expect(
      await database.query(
        'SELECT {text:String} AS text, {list:Array(String)} AS list, {big:UInt64} AS big, {small:Int8} AS small, {at:DateTime} = toDateTime(1795255200) AS same',
        { text, list: [text, ''], big: 2n ** 63n, small: -5, at: new Date('2026-11-21T10:00:00Z') },
      ),
    ).toEqual([{ text, list: [text, ''], big: '9223372036854775808', small: -5, same: 1 }]);
  });

  it('refuses to round a decimal, and says how to ask for it', async () => {
    if (database.features.quotedDecimals) return;
    await expect(database.query("SELECT toDecimal64('0.1', 10) AS rate")).rejects.toThrow(
      'would round column rate, Decimal(18, 10): select toString(rate)',
    );
  });

  it('carries rows through export and import', async () => {
    await database.command(
      'CREATE TABLE copy (id UInt64, text String, n Nullable(Float64)) ENGINE = MergeTree ORDER BY id',
    );
    await database.importTsv('copy', ['id', 'text', 'n'], await database.exportTsv('SELECT * FROM event'));
    expect(await database.query('SELECT * FROM copy ORDER BY id')).toEqual(
      await database.query('SELECT * FROM event ORDER BY id'),
    );
  });

  it('tells a refused statement from one of unknown outcome', async () => {
    await expect(database.command('SELECT nonsense')).rejects.toMatchObject({
      code: 'REFUSED',
      engineCode: 47,
      outcomeUnknown: false,
    });
    server.hang();
    try {
      await expect(database.insert('event', [{ id: 3, text: '', n: 1 }], { deadlineMs: 500 })).rejects.toMatchObject({
        code: 'DEADLINE',
        outcomeUnknown: true,
      });
      await expect(database.query('SELECT 1', {}, { deadlineMs: 300 })).rejects.toMatchObject({
        code: 'DEADLINE',
        outcomeUnknown: false,
      });
    } finally {
      server.resume();
    }
  });

  it('says so when the server is gone, and works again when it is back', async () => {
    await server.kill();
    await expect(database.insert('event', [{ id: 4, text: '', n: 1 }])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await server.start();
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  }, 30_000);
});
