import { migrate, openDatabase, type Database, type Migration } from '@marketprism/store';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const directory = mkdtempSync(join(tmpdir(), 'store-migrate-'));
let database: Database;

beforeAll(async () => {
  database = await openDatabase({ dataDir: directory });
});

afterAll(async () => {
  await database.close();
  rmSync(directory, { recursive: true, force: true });
});

let names = 0;
const aTable = () => `history_${(names += 1)}`;
const first: Migration = {
  version: 1,
  name: 'create event',
  statements: ['CREATE TABLE IF NOT EXISTS event (id UInt64) ENGINE = ReplacingMergeTree ORDER BY id {durable}'],
};
const second: Migration = {
  version: 2,
  name: 'add note',
  statements: ["ALTER TABLE event ADD COLUMN IF NOT EXISTS note String DEFAULT 'none'"],
};

describe('migrations', () => {
  it('apply once, in order, and nothing the second time', async () => {
    const table = aTable();
    expect(await migrate(database, [first], { table })).toEqual({ applied: [1], version: 1 });
    expect(await migrate(database, [first, second], { table })).toEqual({ applied: [2], version: 2 });
    expect(await migrate(database, [first, second], { table })).toEqual({ applied: [], version: 2 });
    await database.insert('event', [{ id: 1 }]);
    expect(await database.query('SELECT * FROM event')).toEqual([{ id: '1', note: 'none' }]);
  });

  it('make tables whose inserts are on disk when they return', async () => {
    await migrate(database, [first], { table: aTable() });
    const [row] = await database.query<{ ddl: string }>(
      "SELECT create_table_query AS ddl FROM system.tables WHERE name = 'event'",
    );
    expect(row?.ddl).toContain('fsync_after_insert = 1, fsync_part_directory = 1');
  });

  it('go on after a crash between a statement and its record', async () => {
    const table = aTable();
    await migrate(database, [first], { table });
    for (const statement of second.statements) await database.command(statement); // applied, not recorded
    expect(await migrate(database, [first, second], { table })).toEqual({ applied: [2], version: 2 });
  });

  it('refuse an edited, a renamed and a missing history, all in one error, and change nothing', async () => {
    const table = aTable();
    const third: Migration = { version: 3, name: 'third', statements: ['SELECT 1'] };
    await migrate(database, [first, second, third], { table });
    const edited = { ...first, statements: ['CREATE TABLE IF NOT EXISTS event (id UInt32) ENGINE = Memory'] };
    await expect(migrate(database, [edited, { ...second, name: 'note' }], { table })).rejects.toThrow(
      [
        `${directory}: the history of its schema does not match`,
        '  version 1 (create event) was edited after it was applied; add a new migration instead',
        '  version 2 was applied as "add note", is now "note"',
        '  version 3 (third) was applied by a newer program',
      ].join('\n'),
    );
    expect(await migrate(database, [first, second, third], { table })).toEqual({ applied: [], version: 3 });
  });

  it('refuse a list with a gap before anything runs', async () => {
    const table = aTable();
    await expect(migrate(database, [first, { ...second, version: 3 }], { table })).rejects.toThrow(
      'the migrations are not numbered 1, 2, 3, …\n  [1] add note: version must be 2, got 3',
    );
    expect(await database.query(`SELECT name FROM system.tables WHERE name = '${table}'`)).toEqual([]);
  });

  it('do not mind other white space at the ends of lines', async () => {
    const table = aTable();
    await migrate(database, [first], { table });
    const spaced = { ...first, statements: first.statements.map((text) => `\n  ${text}  \n`) };
    expect(await migrate(database, [spaced], { table })).toEqual({ applied: [], version: 1 });
  });
});
