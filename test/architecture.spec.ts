import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

const root = resolve(__dirname, '..');
const library = join(root, 'libs/reliability/src');

const POLICIES = [
  'circuit-breaker',
  'rate-limiter',
  'retry',
  'load-balancer',
  'bulkhead',
  'time-limit',
  'fallback',
  'hedge',
  'chaos',
] as const;

/** Rooms of the library and what each may import of ours, beside itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  ...Object.fromEntries(POLICIES.map((policy) => [policy, ['core']])),
  balancers: ['core', 'load-balancer'],
  coalesce: ['core'],
  chain: ['core', 'coalesce', ...POLICIES],
  manager: ['core', 'chain'],
  alerting: ['core', 'chain', 'manager'],
  nest: ['core', 'chain', 'manager', 'alerting', 'admin', 'coalesce', ...POLICIES],
  health: ['core', 'manager', 'nest'],
};

/** Rooms behind a subpath of their own: they may look inwards, nobody looks at them. */
const SUBPATHS = ['prometheus', 'terminus', 'opentelemetry', 'redis', 'admin', 'config-file', 'dashboard', 'testing'];
const INWARDS = [
  'index.ts',
  'core',
  'chain',
  'manager',
  'alerting',
  'nest',
  'health',
  'admin',
  'coalesce',
  'balancers',
  ...POLICIES,
];
/** Loads such rooms when they are asked for. */
const MOUNTS = 'libs/reliability/src/nest/mounts.ts';

function sourcesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/[\\/](node_modules|dist|generated)[\\/]/.test(file));
}

const isSpec = (file: string) => /\.(spec|e2e-spec|contract)\.ts$/.test(file);

const importsOf = (file: string): string[] =>
  ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles.map(({ fileName }) => fileName);

/** Files of ours that a file imports, types included. */
const relativeImportsOf = (file: string): string[] =>
  importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => resolve(dirname(file), name.replace(/\.js$/, '.ts')));

const roomOf = (file: string) => relative(library, file).split(sep)[0]!;
const shown = (file: string) => relative(root, file).split(sep).join('/');

const librarySources = sourcesBelow(library).filter((file) => !isSpec(file));
const allSources = ['libs', 'apps'].flatMap((part) =>
  readdirSync(join(root, part)).flatMap((name) => sourcesBelow(join(root, part, name, 'src'))),
);

describe('architecture', () => {
  it('looks at the whole library', () => {
    expect(librarySources.length).toBeGreaterThan(40);
  });

  it('lets each room of the library import only the rooms it may', () => {
    const violations = librarySources.flatMap((file) => {
      const room = roomOf(file);
      if (room === 'index.ts' || shown(file) === MOUNTS) return [];
      const allowed = SUBPATHS.includes(room) ? [...INWARDS, room] : [...(ALLOWED[room] ?? []), room];
      const known = SUBPATHS.includes(room) || room in ALLOWED;
      if (!known) return [`${shown(file)}: the room "${room}" has no rules`];
      return relativeImportsOf(file)
        .filter((target) => !allowed.includes(roomOf(target)))
        .map((target) => `${shown(file)} → ${shown(target)}`);
    });
    expect(violations).toEqual([]);
  });

  it('keeps Nest, rxjs and I/O out of everything but the outer rooms', () => {
    const pure = new Set(['core', 'chain', 'manager', 'alerting', 'coalesce', ...POLICIES]);
    const violations = librarySources
      .filter((file) => pure.has(roomOf(file)))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => /^(@nestjs\/|rxjs)/.test(name))
          .map((name) => `${shown(file)} → ${name}`),
      );
    expect(violations).toEqual([]);
  });

  it('lets other packages, apps and tests reach the library by its name alone', () => {
    const outside = [...allSources, ...sourcesBelow(join(root, 'test'))].filter((file) => !file.startsWith(library));
    const violations = outside.flatMap((file) =>
      importsOf(file)
        .filter((name) => /libs\/[a-z-]+\/src/.test(name) && !shown(file).startsWith('test/contracts/'))
        .map((name) => `${shown(file)} → ${name}`),
    );
    expect(violations).toEqual([]);
  });

  it('has no import cycle, types counted', () => {
    expect(cyclesAmong(allSources)).toEqual([]);
  });

  it('reads time and chance in core/clock.ts and core/random.ts alone', () => {
    const forbidden = /\b(Date\.now|performance\.now|Math\.random|setTimeout|setInterval)\b|\bnew Date\(\)/;
    const violations = librarySources
      .filter((file) => !/core[\\/](clock|random)\.ts$/.test(file) && !shown(file).includes('/dashboard/'))
      .filter((file) => forbidden.test(withoutComments(file)))
      .map(shown);
    expect(violations).toEqual([]);
  });

  it('gives every policy folder its shell and its options, and no grab bag', () => {
    for (const policy of POLICIES) {
      const files = sourcesBelow(join(library, policy)).map((file) => relative(join(library, policy), file));
      expect(files).toEqual(expect.arrayContaining([`${policy}.ts`, `${policy}.options.ts`]));
      expect(files.filter((file) => /(^|[-.])(utils?|helpers?|common|manager|misc)([-.]|$)/.test(file))).toEqual([]);
    }
  });

  it('awaits nothing in a pure core', () => {
    const shells = new Set(POLICIES.flatMap((policy) => [`${policy}.ts`]));
    const violations = POLICIES.flatMap((policy) => sourcesBelow(join(library, policy)))
      .filter((file) => !isSpec(file) && !shells.has(file.split(sep).at(-1)!))
      .filter(
        (file) =>
          /\bclock\.(now|schedule)\b/.test(withoutComments(file)) &&
          !/\bCapabilities\b|\bPolicyContext\b|\bClock\b/.test(readFileSync(file, 'utf8')),
      )
      .map(shown);
    expect(violations).toEqual([]);
  });
});

function withoutComments(file: string): string {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023);
  return ts.createPrinter({ removeComments: true }).printFile(source);
}

/** Every cycle of imports, once, as the files on it. */
function cyclesAmong(files: readonly string[]): string[] {
  const known = new Set(files);
  const done = new Set<string>();
  const path: string[] = [];
  const cycles: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) cycles.push([...path.slice(start), file].map(shown).join(' → '));
    if (start >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of relativeImportsOf(file)) if (known.has(target)) visit(target);
    path.pop();
    done.add(file);
  };
  files.forEach(visit);
  return cycles;
}
