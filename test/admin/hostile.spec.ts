import { request as httpRequest } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { CanActivate, INestApplication } from '@nestjs/common';
import { InvalidOptionsError, ReliabilityControl } from '@marketprism/reliability';
import type { AdminAuth } from '@marketprism/reliability/admin';
import fc from 'fast-check';
import { eventually } from '../engines/eventually.js';
import { PLATFORMS, Rates, started, TOKEN } from './app.js';

jest.setTimeout(60_000);

const GOOD = { kind: 'change', policies: { okx: { rateLimit: { limit: 5 } } }, reason: 'well-formed' };
const ACTIONS = '/reliability/admin/actions';

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

describe.each(PLATFORMS)('hostile requests to the admin API on %s', (platform) => {
  let app: INestApplication;

  /** As it stands on the wire: no client that puts things right. */
  const send = ({ method = 'POST', path = ACTIONS, headers = {}, body }: Sent): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { port } = app.getHttpServer().address() as AddressInfo;
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port,
          method,
          path,
          agent: false,
          headers: {
            authorization: `Bearer ${TOKEN}`,
            ...(body !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(body),
            }),
            ...headers,
          },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode!, text }));
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  const audited = () => app.get(ReliabilityControl).audit();
  /** It was refused with this status, nothing has changed, and there is a line on it. */
  const refused = async (sent: Sent, status: number | readonly number[]) => {
    const before = (await audited()).length;
    const answer = await send(sent);
    expect([sent, answer.text, [status].flat()]).toEqual([sent, answer.text, expect.arrayContaining([answer.status])]);
    await eventually(async () => expect([sent, (await audited()).length]).toEqual([sent, before + 1]));
    const entries = await audited();
    expect(entries[0]!.outcome).toBe('refused');
    expect(app.get(ReliabilityControl).configuration().version).toBe(1);
    return entries[0]!;
  };

  afterEach(() => app.close());

  describe('that may not', () => {
    it('are refused without the token', async () => {
      app = await started(platform, { write: true });
      const body = JSON.stringify(GOOD);
      for (const authorization of [
        '',
        'Bearer',
        'Bearer wrong-token-of-some-length',
        `Basic ${TOKEN}`,
        TOKEN,
        `bearer ${TOKEN} x`,
      ]) {
        await refused({ headers: { authorization }, body }, 401);
        await refused({ method: 'GET', path: '/reliability/admin/snapshot', headers: { authorization } }, 401);
      }
      await refused({ path: `${ACTIONS}?token=${TOKEN}`, headers: { authorization: '' }, body }, 401);
      expect(JSON.stringify(await audited())).not.toContain(TOKEN);
    });

    it('can only look unless told otherwise', async () => {
      app = await started(platform, {});
      const entry = await refused({ body: JSON.stringify(GOOD) }, 403);
      expect(entry).toMatchObject({ action: 'change', who: 'token', problem: expect.stringContaining('only shows') });
      expect((await send({ method: 'GET', path: '/reliability/admin/config' })).status).toBe(200);
    });

    it('come from elsewhere, whatever their headers say', async () => {
      app = await started(platform, { write: true });
      app.getHttpServer().on('connection', (socket: Socket) => {
        Object.defineProperty(socket, 'remoteAddress', { value: '203.0.113.9' });
      });
      const forged = { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1' };
      const body = JSON.stringify(GOOD);
      expect(await refused({ body }, 403)).toMatchObject({ via: 'admin 203.0.113.9' });
      await refused({ headers: forged, body }, 403);
      await refused({ method: 'GET', path: '/reliability/admin/audit', headers: forged }, 403);
    });

    it('come from elsewhere, and are answered when that is allowed', async () => {
      app = await started(platform, { write: true, allowRemote: true });
      app.getHttpServer().on('connection', (socket: Socket) => {
        Object.defineProperty(socket, 'remoteAddress', { value: '203.0.113.9' });
      });
      const headers = { host: 'reliability.example' };
      expect((await send({ method: 'GET', path: '/reliability/admin/config', headers })).status).toBe(200);
      await refused({ headers: { authorization: 'Bearer x' }, body: JSON.stringify(GOOD) }, 401);
    });

    it('are sent by a page of another origin', async () => {
      app = await started(platform, { write: true });
      const body = JSON.stringify(GOOD);
      const elsewhere: Record<string, string>[] = [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: 'http://127.0.0.1:1' },
        { 'sec-fetch-site': 'cross-site' },
        { host: 'evil.example' },
        { host: '127.0.0.1.evil.example' },
      ];
      for (const headers of elsewhere) {
        await refused({ headers, body }, 403);
      }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
        await refused({ headers: { 'content-type': type }, body }, 415);
      }
      const { port } = app.getHttpServer().address() as AddressInfo;
      const own = { origin: `http://127.0.0.1:${port}`, 'x-forwarded-for': '8.8.8.8' };
      expect((await send({ method: 'GET', path: '/reliability/admin/config', headers: own })).status).toBe(200);
    });

    it('come past a guard that refuses, throws, or is broken', async () => {
      class Broken implements CanActivate {
        canActivate(): boolean {
          throw new TypeError('password=hunter2 is not a function');
        }
      }
      app = await started(platform, { write: true, auth: { guard: Broken } });
      const entry = await refused({ body: JSON.stringify(GOOD) }, 403);
      expect(JSON.stringify(entry)).not.toContain('hunter2');
      await app.close();
      app = await started(platform, { write: true, auth: { guard: { canActivate: () => Promise.resolve(false) } } });
      await refused({ body: JSON.stringify(GOOD) }, 403);
    });

    it('are known by the name that the guard gives them', async () => {
      const guard: CanActivate = {
        canActivate: (context) => {
          context.switchToHttp().getRequest<{ user: unknown }>().user = { sub: 'alice' };
          return true;
        },
      };
      app = await started(platform, { write: true, auth: { guard } });
      expect((await send({ body: JSON.stringify(GOOD) })).status).toBe(200);
      expect((await audited())[0]).toMatchObject({ who: 'alice', outcome: 'done' });
    });
  });

  describe('that make no sense', () => {
    beforeEach(async () => {
      app = await started(platform, { write: true });
    });

    it.each([
      ['no JSON', '{"kind":'],
      ['an empty body', ''],
      ['null', 'null'],
      ['a number', '1'],
      ['text', '"force"'],
      ['a list', '[]'],
      ['nothing', '{}'],
      ['an unknown kind', '{"kind":"shutdown","reason":"x"}'],
      ['a kind of the language', '{"kind":"__proto__","reason":"x"}'],
      ['a kind that is none', '{"kind":{"toString":1},"reason":"x"}'],
      ['no reason', '{"kind":"rollback","version":1}'],
      ['an empty reason', '{"kind":"rollback","version":1,"reason":"  "}'],
      ['an unknown key', '{"kind":"rollback","version":1,"reason":"x","force":true}'],
      ['a huge number', '{"kind":"rollback","version":1e400,"reason":"x"}'],
      ['a negative number', '{"kind":"rollback","version":-1,"reason":"x"}'],
      ['an inexact number', '{"kind":"rollback","version":9007199254740993,"reason":"x"}'],
      ['text for a number', '{"kind":"rollback","version":"1","reason":"x"}'],
      ['a polluted prototype', '{"kind":"change","policies":{"__proto__":{"polluted":{}}},"reason":"x"}'],
      ['a polluted prototype at the top', '{"__proto__":{"polluted":true},"kind":"rollback","version":1,"reason":"x"}'],
      [
        'a polluted constructor',
        '{"kind":"change","policies":{"constructor":{"prototype":{"polluted":1}}},"reason":"x"}',
      ],
      ['a name with a NUL', '{"kind":"change","policies":{"a\\u0000b":{"retry":{}}},"reason":"x"}'],
      ['a name that is written backwards', '{"kind":"change","policies":{"\\u202eokx":{"retry":{}}},"reason":"x"}'],
      ['a name without end', `{"kind":"change","policies":{"${'x'.repeat(1_000)}":{"retry":{}}},"reason":"x"}`],
      ['a wrong option', '{"kind":"change","policies":{"okx":{"rateLimit":{"limit":-1}}},"reason":"x"}'],
      ['an option of another type', '{"kind":"change","policies":{"okx":{"rateLimit":"none"}},"reason":"x"}'],
      ['an unknown kind of policy', '{"kind":"change","policies":{"okx":{"toString":{}}},"reason":"x"}'],
      ['nothing to change', '{"kind":"change","reason":"x"}'],
      ['a change of something else', '{"kind":"change","capabilities":{},"reason":"x"}'],
      [
        'a tenant without policies',
        '{"kind":"change","tenants":{"t":{"policies":{"nobody":{"retry":{}}}}},"reason":"x"}',
      ],
      [
        'deep lists',
        `{"kind":"change","policies":{"okx":{"retry":${'['.repeat(5_000)}${']'.repeat(5_000)}}},"reason":"x"}`,
      ],
      ['deep objects', `{"kind":"change","policies":${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)},"reason":"x"}`],
    ])('are refused: %s', async (_, body) => {
      await refused({ body }, 400);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      await expect(app.get(Rates).fetch()).resolves.toBe('rate');
    });

    it.each([
      ['an unknown policy', { kind: 'force', policy: 'café ☕', state: 'open', reason: 'x' }],
      ['a path for a name', { kind: 'force', policy: '../../etc/passwd', state: 'open', reason: 'x' }],
      ['an unknown endpoint', { kind: 'drain', policy: 'okx', endpoint: '__proto__', reason: 'x' }],
      ['an unknown version', { kind: 'rollback', version: 999, reason: 'x' }],
      ['an unknown rule', { kind: 'decision', rule: 'toString', enabled: true, reason: 'x' }],
    ])('are refused: %s', async (_, action) => {
      await refused({ body: JSON.stringify(action) }, 404);
    });

    it('are too large', async () => {
      const large = (length: number) => JSON.stringify({ ...GOOD, reason: 'x'.repeat(length) });
      await refused({ body: large(70_000) }, 413);
      await refused({ body: large(3_000_000) }, 413);
      await refused({ body: 'x'.repeat(65_537) }, [400, 413]);
    });

    it('ask for what does not exist', async () => {
      const base = '/reliability/admin';
      for (const path of [
        '',
        '/',
        '/../config.json',
        '/config/..%2f..%2fetc',
        '/%00',
        '/config/versions/1/x',
        '/__proto__',
      ]) {
        await refused({ method: 'GET', path: `${base}${path}` }, [400, 404]);
      }
      for (const version of [
        '0',
        '-1',
        '1e3',
        '0x1',
        '1.5',
        'NaN',
        '__proto__',
        '99999999999999999999',
        '%F0%9F%92%A9',
      ]) {
        const { status } = await send({ method: 'GET', path: `${base}/config/versions/${version}` });
        expect([version, status]).toEqual([version, 400]);
      }
      for (const query of [
        'limit=0',
        'limit=-1',
        'limit=1001',
        'limit=1&limit=2',
        'limit[]=1',
        'limit[__proto__]=1',
        'before=x',
      ]) {
        const { status } = await send({ method: 'GET', path: `${base}/audit?${query}` });
        expect([query, status]).toEqual([query, 400]);
      }
      for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        await refused({ method, body: JSON.stringify(GOOD) }, [400, 404, 405]);
      }
    });

    it('are cut off in the middle', async () => {
      const { port } = app.getHttpServer().address() as AddressInfo;
      const socket = connect(port, '127.0.0.1');
      socket.write(
        `POST ${ACTIONS} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"kind"`,
      );
      socket.destroy();
      expect((await send({ method: 'GET', path: '/reliability/admin/config' })).status).toBe(200);
    });

    it('are whatever they are: never an error of ours, never half a change', async () => {
      const word = fc.constantFrom(
        'kind',
        'policy',
        'okx',
        'policies',
        'retry',
        'rateLimit',
        'limit',
        'reason',
        'state',
        'change',
        'force',
      );
      const json = fc.letrec<{ value: unknown; node: unknown }>((tie) => ({
        value: fc.oneof({ maxDepth: 4 }, fc.jsonValue({ maxDepth: 1 }), word, tie('node')),
        node: fc.dictionary(fc.oneof(word, fc.string({ maxLength: 5 })), tie('value'), { maxKeys: 5 }),
      })).node;
      const action = fc.tuple(fc.constantFrom('change', 'force', 'drain', 'weight', 'rollback', 'decision'), json);
      await fc.assert(
        fc.asyncProperty(action, async ([kind, rest]) => {
          const { status, text } = await send({ body: JSON.stringify({ ...(rest as object), kind }) });
          expect([200, 400, 403, 404, 409, 422]).toContain(status);
          expect(() => JSON.parse(text) as unknown).not.toThrow();
        }),
        { numRuns: 60 },
      );
      await expect(app.get(Rates).fetch()).resolves.toBe('rate');
    });

    it('knock too often to push what was done out of the audit trail', async () => {
      expect((await send({ body: JSON.stringify(GOOD) })).status).toBe(200);
      for (let knock = 0; knock < 100; knock += 1) await send({ headers: { authorization: '' }, body: '{}' });
      const entries = await audited();
      expect(entries).toHaveLength(61);
      expect(entries.at(-1)).toMatchObject({ outcome: 'done' });
    });
  });
});

describe('a careless mount', () => {
  const INVALID: [string, unknown, string][] = [
    ['no access rule', undefined, 'admin.auth: must be { token } or { guard }'],
    ['no token', { token: undefined }, 'admin.auth.token: must be at least 16 printable characters'],
    ['an empty token', { token: '' }, 'admin.auth.token: must be at least 16 printable characters'],
    ['a short token', { token: 'hunter2' }, 'admin.auth.token: must be at least 16 printable characters'],
    ['a token with a line break', { token: `${TOKEN}\n` }, 'admin.auth.token: must be at least 16'],
    ['both', { token: TOKEN, guard: { canActivate: () => true } }, 'admin.auth: must be either'],
    ['no guard', { guard: {} }, 'admin.auth.guard: must be a guard'],
  ];

  it.each(INVALID)('with %s does not start, and does not tell the token', async (_, auth, problem) => {
    const start = started('express', { auth: auth as AdminAuth });
    await expect(start).rejects.toThrow(InvalidOptionsError);
    await expect(start).rejects.toThrow(problem);
    await expect(start).rejects.not.toThrow('hunter2');
  });

  it('whose token turns out to be missing when it starts does not start', async () => {
    await expect(started('express', { auth: { token: () => '' } })).rejects.toThrow('at least 16 printable');
  });
});
