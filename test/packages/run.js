// `npm run test:packages`: packs the library and installs the tarball into two real applications, Nest 11 as CommonJS
// and Nest 12 as ES modules; compiles them against its types, starts them with plain node and asks them over HTTP.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const EXPECTED = JSON.stringify({ first: 'after 3 attempts', status: 503 });

const run = (program, args, cwd) =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** The modules that say which build of the library was loaded, and how often its runtime class exists. */
const oneCopy = `
const required = require('@marketprism/reliability');
import('@marketprism/reliability').then((imported) => {
  if (required.ReliabilityModule !== imported.ReliabilityModule) throw new Error('two copies of the library');
  if (required.buildChain === undefined) throw new Error('nothing is exported');
  require('@marketprism/reliability/testing');
});
`;

const work = mkdtempSync(join(tmpdir(), 'reliability-packages-'));
let failed = false;
try {
  const packed = JSON.parse(
    run('npm', ['pack', '--json', '--silent', '--pack-destination', work], join(root, 'libs/reliability')).replace(
      /^[^[{]*/,
      '',
    ),
  );
  const { filename, files } = Array.isArray(packed) ? packed[0] : Object.values(packed)[0];
  const strays = files.filter(({ path }) => /\.spec\.|tsbuildinfo|^src\//.test(path));
  if (strays.length > 0) throw new Error(`the tarball holds ${strays.map(({ path }) => path).join(', ')}`);
  for (const name of readdirSync(here).filter((entry) => entry.startsWith('nest-'))) {
    const app = join(work, name);
    cpSync(join(here, name), app, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
    manifest.dependencies['@marketprism/reliability'] = `file:../${filename}`;
    writeFileSync(join(app, 'package.json'), JSON.stringify(manifest));
    const compilerOptions = {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    };
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }));
    run('npm', ['install', '--no-audit', '--no-fund', '--silent', '--prefer-offline'], app);
    run(process.execPath, [tsc], app);
    writeFileSync(join(app, 'one-copy.cjs'), oneCopy);
    run(process.execPath, ['one-copy.cjs'], app);
    const said = run(process.execPath, ['main.js'], app).trim();
    const passed = said === EXPECTED;
    failed ||= !passed;
    console.log(`${name}: ${passed ? 'passed' : `FAILED, said ${said} instead of ${EXPECTED}`}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
