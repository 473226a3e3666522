// Makes the client for both databases from prisma/models.prisma, into src/generated or the directory given:
//   npm run generate -w @marketprism/control-store
// Needed only where models.prisma has changed. The Prisma CLI is no dependency of the project: `npx` fetches the version
// below, or PRISMA_CLI names a directory that has it installed. Generating asks for no engine, though the CLI wants to
// download one first: any program stands in for it. Never run `db push` or `migrate` like that: they would report success
// and do nothing.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const CLI_VERSION = '7.10.0';
const PROVIDERS = ['sqlite', 'postgresql'];

const here = resolve(import.meta.dirname, '..');
const target = resolve(process.argv[2] ?? join(here, 'src/generated'));
const models = readFileSync(join(here, 'prisma/models.prisma'), 'utf8');

function prisma(directory) {
  const installed = join(process.env.PRISMA_CLI ?? directory, 'node_modules/prisma/build/index.js');
  const [program, ...args] = existsSync(installed)
    ? [process.execPath, installed, 'generate']
    : ['npx', '--yes', `prisma@${CLI_VERSION}`, 'generate'];
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, CHECKPOINT_DISABLE: '1', PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, NO_COLOR: '1' },
  });
  if (status !== 0) throw new Error(`prisma generate failed:\n${stdout}${stderr}`);
}

const work = mkdtempSync(join(tmpdir(), 'control-store-'));
try {
  for (const provider of PROVIDERS) {
    const directory = join(work, provider);
    mkdirSync(directory);
    writeFileSync(
      join(directory, 'schema.prisma'),
      `generator client {
  provider               = "prisma-client"
  output                 = "./client"
  runtime                = "nodejs"
  moduleFormat           = "esm"
  generatedFileExtension = "ts"
  importFileExtension    = "js"
}

datasource db {
  provider = "${provider}"
}

${models}`,
    );
    writeFileSync(join(directory, 'prisma.config.ts'), `export default { schema: './schema.prisma' };\n`);
    prisma(directory);
    rmSync(join(target, provider), { recursive: true, force: true });
    cpSync(join(directory, 'client'), join(target, provider), {
      recursive: true,
      filter: (path) => !/browser\.ts$/i.test(path), // The part for web pages.
    });
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
