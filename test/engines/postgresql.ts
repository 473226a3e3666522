import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { Engine, findEngine, freePort } from './engine.js';
import { eventually } from './eventually.js';

/** PostgreSQL does not run as root: where the tests do, it runs as the user that Debian made for it. */
function asUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export interface PostgresServer {
  readonly engine: Engine;
  readonly url: string;
  /** Waits until the server takes statements: it opens its port before that. */
  readonly ready: () => Promise<void>;
  /** Ends the server and removes its data. */
  readonly remove: () => Promise<void>;
}

/** A PostgreSQL server with a database of its own, on loopback and without passwords; started and ready. */
export async function postgresServer(): Promise<PostgresServer> {
  const program = findEngine('postgres');
  if (program === undefined) throw new Error('postgres not found');
  const directory = mkdtempSync(join(tmpdir(), 'postgres-'));
  const user = asUser();
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  execFileSync(
    join(dirname(program), 'initdb'),
    ['--pgdata', data, '--username', 'tests', '--auth', 'trust', '--encoding', 'UTF8', '--no-locale', '--no-sync'],
    { stdio: ['ignore', 'ignore', 'pipe'], ...user },
  );
  const port = await freePort();
  const args = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=`];
  const all =
    user === undefined
      ? { program, args, port }
      : {
          program: 'setpriv',
          args: [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', program, ...args],
          port,
        };
  const engine = new Engine({ ...all, cwd: directory });
  const url = `postgresql://tests@127.0.0.1:${port}/postgres`;
  const ready = () =>
    eventually(async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.end();
    }, 30_000);
  await engine.start();
  await ready();
  const remove = async () => {
    await engine.kill();
    rmSync(directory, { recursive: true, force: true });
  };
  return { engine, url, ready, remove };
}
