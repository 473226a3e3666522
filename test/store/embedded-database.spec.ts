import { durableTableSettings, isStoreError, openDatabase, type Database } from '@marketprism/store';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runTypeScript } from '../engines/typescript-child.js';

const directory = mkdtempSync(join(tmpdir(), 'store-embedded-'));
const lines: string[] = [];
let database: Database;

beforeAll(async () => {
  database = await openDatabase({ dataDir: directory, log: (line) => lines.push(line) });
});

afterAll(async () => {
  await database.close();
  rmSync(directory, { recursive: true, force: true });
});

const table = async (name: string, columns: string, order = 'id') => {
  await database.command(
    `CREATE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY ${order} ${durableTableSettings(database.features)}`,
  );
};
const count = async (name: string) => {
  const [row] = await database.query<{ n: string }>(`SELECT count() AS n FROM ${name}`);
  return Number(row?.n);
};

describe('the embedded database', () => {
  it('says at start what it opened and what it can do', () => {
    expect(database.kind).toBe('embedded');
    expect(lines).toEqual([
      `ClickHouse ${database.version}, embedded, ${directory}: with ${Object.keys(database.features).join(', ')}; without none`,
    ]);
  });

  // The engine keeps the settings of a call for the next one: the second insert inherited the token and vanished.
  it('stores a block without a token after a block with one', async () => {
    await table('leak', 'id UInt32');
    await database.insert('leak', [{ id: 1 }], { token: 'x' });
    await database.insert('leak', [{ id: 2 }]);
    expect(await database.query('SELECT id FROM leak ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('stores a block with one token once', async () => {
    await table('once', 'id UInt32');
    await database.insert('once', [{ id: 1 }, { id: 2 }], { token: 'block-1' });
    await database.insert('once', [{ id: 1 }, { id: 2 }], { token: 'block-1' });
    await database.insert('once', [{ id: 3 }], { token: 'block-2' });
    expect(await count('once')).toBe(3);
  });

  it('forgets a short deadline with the call that had it', async () => {
    await expect(
      database.query('SELECT count() FROM numbers(100000000000)', {}, { deadlineMs: 1_000 }),
    ).rejects.toMatchObject({ code: 'DEADLINE', outcomeUnknown: false });
    const [row] = await database.query<{ limit: string }>("SELECT getSetting('max_execution_time') AS limit");
    expect(Number(row?.limit)).toBe(30);
  });

  // The engine puts the output that a failed query had produced in front of the next result of the connection.
  it('gives a query its own result after another failed half-way', async () => {
    const failing = 'SELECT number, throwIf(number = 300000) FROM numbers(1000000)';
    await Promise.all(
      Array.from({ length: 4 }, () => expect(database.exportTsv(failing)).rejects.toMatchObject({ code: 'REFUSED' })),
    );
    for (let turn = 0; turn < 4; turn += 1) expect((await database.exportTsv('SELECT 1')).toString()).toBe('1\n');
  });

  it('writes while a long read runs', async () => {
    await table('beside', 'id UInt32');
    let reading = true;
    const read = database.query('SELECT sleep(1.5)').then(() => (reading = false));
    await database.insert('beside', [{ id: 1 }]);
    expect(reading).toBe(true);
    await read;
    expect(await count('beside')).toBe(1);
  });

  it('gives 64-bit integers and decimals back to the last digit, as strings', async () => {
    await table('exact', 'id UInt64, rate Decimal(38, 20), small Int32');
    await database.insert('exact', [{ id: 18446744073709551615n, rate: '-0.00012345678901234567', small: -5 }]);
    expect(await database.query('SELECT * FROM exact')).toEqual([
      { id: '18446744073709551615', rate: '-0.00012345678901234567', small: -5 },
    ]);
  });

  it('keeps an instant whatever the time zone of the machine', async () => {
    await table('instants', 'id UInt32, at DateTime64(3), local DateTime');
    const at = new Date('2026-11-21T10:11:12.345Z');
    await database.insert('instants', [{ id: 1, at, local: at.toISOString().slice(0, 19) + 'Z' }]);
    expect(
      await database.query(
        'SELECT at, local, toUnixTimestamp64Milli(at) AS ms FROM instants WHERE at = {at:DateTime64(3)}',
        { at },
      ),
    ).toEqual([{ at: '2026-11-21 10:11:12.345', local: '2026-11-21 10:11:12', ms: String(at.getTime()) }]);
  });

  it('binds parameters of every kind, whatever they hold', async () => {
    const text = "it's \\ \n\t\0 {b:String} '); DROP TABLE x; -- 😀";
    expect(
      await database.query(
        'SELECT {text:String} AS text, {list:Array(String)} AS list, {none:Nullable(String)} AS none, {big:UInt64} AS big, {yes:Bool} AS yes',
        { text, list: [text, ''], none: null, big: 2n ** 63n, yes: true },
      ),
    ).toEqual([{ text, list: [text, ''], none: null, big: '9223372036854775808', yes: true }]);
  });

  it('stores a failed block not at all', async () => {
    await table('atomic', 'id UInt32');
    const rows = Array.from({ length: 1_000 }, (_, id) => ({ id: id === 700 ? 'seven hundred' : id }));
    await expect(database.insert('atomic', rows)).rejects.toMatchObject({ code: 'REFUSED', outcomeUnknown: false });
    expect(await count('atomic')).toBe(0);
  });

  it.each([
    ['an unknown column', { id: 1, typo: 2 }, 'Unknown field found while parsing JSONEachRow format: typo'],
    ['null in a column without null', { id: null }, 'row 1, id: must not be null, got null'],
    ['a number that JSON cannot hold', { id: Number.NaN }, 'row 1, id: must be finite, got NaN'],
  ])('refuses a row with %s', async (_, row, message) => {
    await database.command('CREATE TABLE IF NOT EXISTS strict (id UInt32) ENGINE = MergeTree ORDER BY id');
    await expect(database.insert('strict', [{ id: 1 }, row])).rejects.toThrow(message);
    expect(await count('strict')).toBe(0);
  });

  it('carries every column type through export and import', async () => {
    const columns =
      'id UInt64, d Decimal(38, 20), at DateTime64(6), s String, n Nullable(Float64), a Array(String), m Map(String, UInt8)';
    await table('source', columns);
    await table('copy', columns);
    await database.insert('source', [
      {
        id: 1,
        d: '0.1',
        at: '2026-01-01T00:00:00.123456Z',
        s: 'tab\t line\n \\ \0 é',
        n: null,
        a: ['x\t', "'"],
        m: { k: 1 },
      },
      { id: 2, d: '-1', at: '1999-01-01T00:00:00Z', s: '', n: 1e-7, a: [], m: {} },
    ]);
    await database.command(
      "INSERT INTO source (id, d, at, s, n, a, m) VALUES (3, 0, 0, unhex('FF00FE'), NULL, [unhex('C0')], map())",
    );
    const body = await database.exportTsv('SELECT * FROM source ORDER BY id');
    await database.importTsv('copy', ['id', 'd', 'at', 's', 'n', 'a', 'm'], body);
    const sum = (name: string) =>
      database.query(
        `SELECT hex(s) AS s, toString(d) AS d, toString(at) AS at, n, arrayMap(x -> hex(x), a) AS a, m FROM ${name} ORDER BY id`,
      );
    expect(await sum('copy')).toEqual(await sum('source'));
    expect(await count('copy')).toBe(3);
  });

  it('names an impossible table instead of running it', async () => {
    await expect(database.insert('t; DROP TABLE x', [{ id: 1 }])).rejects.toMatchObject({ code: 'INVALID' });
  });

  it('is not opened by a second process, which is told who has it', () => {
    const other = runTypeScript('test/store/processes/open-directory.ts', [directory]);
    expect(other.trim()).toBe(`DIRECTORY_IN_USE ${directory}: another process has it open (process id ${process.pid})`);
  });

  it('does not open a second directory in the same process', async () => {
    await expect(openDatabase({ dataDir: `${directory}-other` })).rejects.toMatchObject({
      code: 'OPEN_FAILED',
      message: expect.stringContaining('this process already has another embedded database open') as string,
    });
    rmSync(`${directory}-other`, { recursive: true, force: true });
  });

  it('names every wrong option at once, and keeps the password out', async () => {
    const error = await openDatabase({ url: 'ftp://u:secret@host', readers: 0, deadlineMs: 1 }).catch(
      (e: unknown) => e,
    );
    expect(isStoreError(error, 'INVALID') && error.message).toBe(
      'database options are wrong:\n' +
        '  url: must be an http:// or https:// address, or several with commas between, got another value\n' +
        '  readers: Too small: expected number to be >=1, got 0\n' +
        '  deadlineMs: Too small: expected number to be >=100, got 1',
    );
  });
});
