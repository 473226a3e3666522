import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client';
import { openControlStore } from '@marketprism/control-store';

const room = join(__dirname, '../../libs/control-store');
const PROVIDERS = ['sqlite', 'postgresql'] as const;
const read = (...path: string[]) => readFileSync(join(room, ...path), 'utf8');

const filesBelow = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name))
      .map((path) => [path.slice(folder.length), readFileSync(path, 'utf8')]),
  );

jest.setTimeout(240_000);

describe('the client that Prisma has generated', () => {
  it.each(PROVIDERS)('is of the models as they are: %s', (provider) => {
    const [, inline] = /"inlineSchema": (".*"),\n/.exec(read(`src/generated/${provider}/internal/class.ts`))!;
    const schema = JSON.parse(inline!) as string;
    expect(schema).toContain(`provider = "${provider}"`);
    expect(schema.endsWith(read('prisma/models.prisma'))).toBe(true);
  });

  it('has the columns that the migrations make', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'control-store-'));
    const url = `file:${join(directory, 'control.db')}`;
    await (await openControlStore({ url })).close();
    const client = createClient({ url });
    const [, inline] = /runtimeDataModel = JSON\.parse\((".*")\)\n/.exec(
      read('src/generated/sqlite/internal/class.ts'),
    )!;
    const { models } = JSON.parse(JSON.parse(inline!) as string) as {
      models: Record<string, { dbName: string; fields: { name: string; dbName?: string }[] }>;
    };
    for (const { dbName, fields } of Object.values(models)) {
      const { rows } = await client.execute(`SELECT name FROM pragma_table_info('${dbName}')`);
      expect(rows.map(({ name }) => name)).toEqual(fields.map(({ name, dbName: column }) => column ?? name));
    }
    client.close();
    rmSync(directory, { recursive: true, force: true });
  });

  // Needs the Prisma CLI, which is no dependency: PRISMA_CLI names a directory in which it is installed.
  const cli = process.env['PRISMA_CLI'];
  (cli === undefined ? it.skip : it)(
    'is what the Prisma CLI makes of them (with PRISMA_CLI)',
    () => {
      const directory = mkdtempSync(join(tmpdir(), 'generated-'));
      execFileSync(process.execPath, [join(room, 'scripts/generate.js'), directory], { stdio: 'pipe' });
      expect(filesBelow(directory)).toEqual(filesBelow(join(room, 'src/generated')));
      rmSync(directory, { recursive: true, force: true });
    },
    120_000,
  );
});
