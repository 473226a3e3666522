// Bundles the live page into dist/dashboard/assets: index.html, app.js, app.css and the font. Nothing else is asked for.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '../dist/dashboard/assets');
const packageOf = (name) =>
  require.resolve
    .paths(name)
    .map((place) => join(place, name))
    .find(existsSync);
const font = packageOf('@fontsource-variable/inter');

/** Licences of what is bundled, to go with it. */
const licences = () =>
  ['preact', '@preact/signals', '@preact/signals-core', 'uplot', '@fontsource-variable/inter']
    .map((name) => `${name}\n\n${readFileSync(join(packageOf(name), 'LICENSE'), 'utf8').trim()}\n`)
    .join('\n----\n\n');

mkdirSync(dirname(target), { recursive: true });
const made = mkdtempSync(join(dirname(target), '.assets-'));
try {
  await build({
    entryPoints: [
      { in: join(here, 'src/main.tsx'), out: 'app' },
      { in: join(here, 'styles/app.css'), out: 'app' },
    ],
    outdir: made,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    external: ['inter.woff2'],
    legalComments: 'none',
    tsconfigRaw: {},
    logLevel: 'warning',
  });
  copyFileSync(join(here, 'index.html'), join(made, 'index.html'));
  copyFileSync(join(font, 'files/inter-latin-wght-normal.woff2'), join(made, 'inter.woff2'));
  writeFileSync(join(made, 'LICENSES.txt'), licences());
  // File by file, each at once: somebody may be reading the last build.
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(made)) renameSync(join(made, name), join(target, name));
  copyFileSync(join(here, '../src/dashboard/asset-directory.cjs'), join(dirname(target), 'asset-directory.cjs'));
} finally {
  if (existsSync(made)) rmSync(made, { recursive: true, force: true });
}
