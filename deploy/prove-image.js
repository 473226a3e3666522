// Proves deploy/Dockerfile where there is no Docker engine: runs its very steps, each stage in a clean Debian root, then boots
// the result as its user on a read-only filesystem, waits for its own health check, and ends it by its stop signal.
//   node deploy/prove-image.js [working directory] [--boot]      as root on Debian, with debootstrap
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
/** Boots what an earlier run has built. */
const bootOnly = process.argv.includes('--boot');
const work = process.argv[2] === undefined ? mkdtempSync(join(tmpdir(), 'image-')) : resolve(process.argv[2]);
const run = (program, args, options = {}) => execFileSync(program, args, { stdio: 'inherit', ...options });

/** Instructions of a Dockerfile, line continuations joined. */
function instructions(text) {
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => /^(\w+)\s+(.*)$/.exec(line)?.slice(1) ?? []);
}

/** A Debian root with Node in it, which stands for the base image. */
function baseImage() {
  const base = join(work, 'base');
  if (existsSync(join(base, 'usr/local/bin/node'))) return base;
  if (!existsSync(join(base, 'usr/bin')))
    run('debootstrap', ['--variant=minbase', '--include=libstdc++6', 'bookworm', base], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  cpSync(process.execPath, join(base, 'usr/local/bin/node'));
  const npm = dirname(
    dirname(
      execFileSync('readlink', ['-f', execFileSync('which', ['npm']).toString().trim()])
        .toString()
        .trim(),
    ),
  );
  cpSync(npm, join(base, 'usr/local/lib/node_modules/npm'), { recursive: true, dereference: true });
  run('ln', ['-sf', '../lib/node_modules/npm/bin/npm-cli.js', join(base, 'usr/local/bin/npm')]);
  for (const file of ['/etc/resolv.conf', '/etc/hosts']) cpSync(file, join(base, file), { dereference: true });
  // The registry that this machine uses, and its certificates: network, not content.
  if (existsSync('/etc/ssl/certs/ca-certificates.crt')) {
    mkdirSync(join(base, 'etc/ssl/certs'), { recursive: true });
    cpSync('/etc/ssl/certs/ca-certificates.crt', join(base, 'etc/ssl/certs/ca-certificates.crt'));
  }
  for (const file of ['/etc/apt/sources.list', '/etc/apt/sources.list.d', '/etc/apt/apt.conf.d'])
    if (existsSync(file)) cpSync(file, join(base, file), { recursive: true });
  return base;
}

const networkEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(https?_proxy|no_proxy|npm_config_(registry|cafile)|NODE_EXTRA_CA_CERTS)$/i.test(name),
  ),
);

/** The files that the build's context holds: those of the repository. */
const contextFiles = () =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, maxBuffer: 1e8 })
    .toString()
    .split('\n')
    .filter((name) => name !== '' && existsSync(join(root, name)));

function copyIn(stage, sources, target, from) {
  const to = target.startsWith('/') ? join(stage.root, target) : join(stage.root, stage.workdir, target);
  if (from === undefined && sources.length === 1 && sources[0] === '.') {
    for (const name of contextFiles()) {
      mkdirSync(dirname(join(to, name)), { recursive: true });
      cpSync(join(root, name), join(to, name));
    }
    return;
  }
  for (const source of sources) {
    const at = from === undefined ? join(root, source) : join(from.root, source);
    const into =
      !statSync(at).isDirectory() && (target.endsWith('/') || sources.length > 1) ? join(to, basename(source)) : to;
    mkdirSync(dirname(into), { recursive: true });
    cpSync(at, into, { recursive: true, verbatimSymlinks: true });
  }
}

const stages = [];
let stage;
for (const [word, rest] of instructions(readFileSync(join(root, 'deploy/Dockerfile'), 'utf8'))) {
  console.log(`${word} ${rest}`);
  if (word === 'FROM') {
    const name = /\bAS (\S+)$/i.exec(rest)?.[1] ?? `stage-${stages.length}`;
    stage = { name, root: join(work, name), workdir: '/', env: {}, user: '0:0' };
    if (!bootOnly) {
      rmSync(stage.root, { recursive: true, force: true });
      run('cp', ['-a', baseImage(), stage.root]);
    }
    stages.push(stage);
  } else if (word === 'WORKDIR') {
    stage.workdir = rest;
    mkdirSync(join(stage.root, rest), { recursive: true });
  } else if (word === 'COPY') {
    if (bootOnly) continue;
    const [, from, list] = /^(?:--from=(\S+)\s+)?(.*)$/.exec(rest);
    const names = list.split(/\s+/);
    copyIn(
      stage,
      names.slice(0, -1),
      names.at(-1),
      from === undefined ? undefined : stages.find(({ name }) => name === from),
    );
  } else if (word === 'RUN') {
    if (bootOnly) continue;
    const environment = {
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      HOME: '/root',
      ...networkEnvironment,
      ...stage.env,
    };
    const userConfig = join(stage.root, 'root/.npmrc');
    const hostConfig = join(process.env.HOME ?? '/root', '.npmrc');
    if (existsSync(hostConfig)) cpSync(hostConfig, userConfig); // where this machine's registry is; never part of the image
    run('mount', ['--bind', '/proc', join(stage.root, 'proc')]);
    try {
      run('/usr/sbin/chroot', [stage.root, '/bin/sh', '-c', `cd ${stage.workdir} && ${rest}`], { env: environment });
    } finally {
      run('umount', [join(stage.root, 'proc')]);
      rmSync(userConfig, { force: true });
    }
  } else if (word === 'ENV') {
    const [name, value] = rest.split('=');
    stage.env[name] = value;
  } else if (word === 'USER') stage.user = rest;
  else if (word === 'ENTRYPOINT') stage.entrypoint = JSON.parse(rest);
  else if (word === 'CMD') stage.command = JSON.parse(rest);
  else if (word === 'HEALTHCHECK') stage.health = JSON.parse(/CMD (\[.*\])$/.exec(rest)[1]);
  else if (word === 'VOLUME') stage.volume = rest;
  else if (word === 'STOPSIGNAL') stage.stop = rest;
}

const image = stages.at(-1);
const chroot = (args) => ['--userspec', image.user, image.root, ...args];
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp', ...image.env };
const mounted = [];
const mount = (...args) => {
  run('mount', args);
  mounted.unshift(args.at(-1));
};
let status = 1;
try {
  mount('--bind', image.root, image.root);
  mount('-t', 'proc', 'proc', join(image.root, 'proc'));
  mount('-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', join(image.root, 'tmp'));
  mount('-t', 'tmpfs', '-o', `uid=${image.user.split(':')[0]},size=1g`, 'tmpfs', join(image.root, image.volume));
  run('mount', ['-o', 'remount,ro,bind', image.root]);
  const refused =
    spawnSync('/usr/sbin/chroot', chroot(['/bin/sh', '-c', 'touch /app/x || touch /x']), { stdio: 'ignore' }).status !==
    0;
  const shell = `cd ${image.workdir} && exec "$@"`;
  const child = spawn(
    '/usr/sbin/chroot',
    chroot(['/bin/sh', '-c', shell, 'sh', ...image.entrypoint, ...image.command]),
    {
      stdio: 'inherit',
      env: environment,
    },
  );
  const ended = once(child, 'exit');
  let healthy = false;
  for (const until = Date.now() + 120_000; !healthy && Date.now() < until && child.exitCode === null;) {
    await new Promise((done) => setTimeout(done, 1_000));
    healthy = spawnSync('/usr/sbin/chroot', chroot(image.health), { env: environment, stdio: 'ignore' }).status === 0;
  }
  child.kill(image.stop);
  const [code, signal] = await ended;
  console.log(
    `filesystem read-only: ${refused}; user: ${image.user}; healthy: ${healthy}; ended by ${image.stop} with ${code ?? signal}`,
  );
  console.log(
    `size of ${image.workdir}: ${
      execFileSync('du', ['-sh', join(image.root, image.workdir)])
        .toString()
        .split('\t')[0]
    }`,
  );
  status = refused && healthy && code === 0 ? 0 : 1;
} finally {
  for (const place of mounted) spawnSync('umount', ['-l', place]);
}
process.exit(status);
