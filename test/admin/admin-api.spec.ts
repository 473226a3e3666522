import type { INestApplication } from '@nestjs/common';
import { ReliabilityManager } from '@marketprism/reliability';
import request from 'supertest';
import { type Platform, PLATFORMS, Rates, started, TOKEN } from './app.js';

describe.each(PLATFORMS)('the admin API on %s', (platform: Platform) => {
  let app: INestApplication;
  const at = (path: string) => `/reliability/admin/${path}`;
  const get = (path: string) => request(app.getHttpServer()).get(at(path)).set('authorization', `Bearer ${TOKEN}`);
  const act = (action: object) =>
    request(app.getHttpServer()).post(at('actions')).set('authorization', `Bearer ${TOKEN}`).send(action);
  const audit = async () =>
    (
      (await get('audit')).body as {
        entries: { action: string; outcome: string; problem?: string; who: string; via: string }[];
      }
    ).entries;

  beforeEach(async () => {
    app = await started(platform, { write: true }, { alerts: {} });
  });
  afterEach(() => app.close());

  it('shows everything and no secret', async () => {
    await app.get(Rates).fetch();
    for (const path of ['snapshot', 'config', 'config/versions', 'config/versions/1', 'audit']) {
      const { status, text, headers } = await get(path);
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toMatch(/pa55word|s3cr3t/);
      expect(headers['cache-control']).toBe('no-store');
    }
    expect((await get('snapshot')).body).toMatchObject({ schema: 1, configuration: { version: 1 } });
  });

  it('forces a circuit open and lets it go', async () => {
    const forced = await act({ kind: 'force', policy: 'okx', state: 'open', reason: 'maintenance' }).expect(200);
    expect(forced.body).toEqual({
      kind: 'force',
      target: 'circuit-breaker "okx"',
      before: 'closed',
      after: 'forced-open',
      version: 1,
    });
    await expect(app.get(Rates).fetch()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
    await act({ kind: 'force', policy: 'okx', state: 'automatic', reason: 'over' }).expect(200);
    await expect(app.get(Rates).fetch()).resolves.toBe('rate');
    expect(await audit()).toMatchObject([
      {
        action: 'force',
        outcome: 'done',
        reason: 'over',
        who: 'token',
        via: expect.stringMatching(/^admin .*127\.0\.0\.1$/),
      },
      { action: 'force', outcome: 'done', reason: 'maintenance', before: 'closed', after: 'forced-open' },
    ]);
  });

  it('changes options, says what was changed, and rolls back', async () => {
    const changed = await act({
      kind: 'change',
      policies: { okx: { rateLimit: { limit: 7 } } },
      expectedVersion: 1,
      reason: 'less',
    }).expect(200);
    expect(changed.body).toEqual({
      kind: 'change',
      target: 'configuration',
      before: { 'policies.okx.rateLimit.limit': 100 },
      after: { 'policies.okx.rateLimit.limit': 7 },
      version: 2,
    });
    expect((await get('config')).body).toMatchObject({
      version: 2,
      config: { policies: { okx: { rateLimit: { limit: 7 } } } },
      overrides: [{ path: 'policies.okx.rateLimit.limit', value: 7, inForce: true }],
    });
    await act({ kind: 'change', policies: { okx: null }, expectedVersion: 1, reason: 'late' }).expect(409);
    await act({ kind: 'rollback', version: 1, reason: 'no' }).expect(200);
    expect((await get('config')).body).toMatchObject({
      version: 3,
      config: { policies: { okx: { rateLimit: { limit: 100 } } } },
      overrides: [],
    });
    expect((await get('config/versions')).body).toMatchObject({
      versions: [{ version: 3, who: 'token', why: 'no' }, { version: 2, why: 'less', source: 'admin' }, { version: 1 }],
    });
  });

  it('drains an endpoint, keeps it out of a reload, and restores it', async () => {
    const endpoints = () =>
      app
        .get(ReliabilityManager)
        .snapshot()
        .policies.filter(({ type }) => type === 'load-balancer')
        .flatMap(({ endpoints: list, suspended }) => [
          ...(list as { id: string; weight: number }[]).map(({ id, weight }) => `${id} ${weight}`),
          ...(suspended as string[]).map((id) => `${id} suspended`),
        ]);
    await act({ kind: 'drain', policy: 'okx', endpoint: 'a', reason: 'sick' }).expect(200);
    await act({ kind: 'weight', policy: 'okx', endpoint: 'b', weight: 3, reason: 'alone' }).expect(200);
    expect(endpoints()).toEqual(['b 3', 'a suspended']);
    await act({ kind: 'change', policies: { okx: { balancer: { strategy: 'random' } } }, reason: 'other' }).expect(200);
    expect(endpoints()).toEqual(['b 3', 'a suspended']);
    await act({ kind: 'restore', policy: 'okx', endpoint: 'a', reason: 'well' }).expect(200);
    expect(endpoints()).toEqual(['b 3', 'a 1']);
    await act({ kind: 'restore', policy: 'okx', endpoint: 'a', reason: 'again' }).expect(409);
    await act({ kind: 'drain', policy: 'okx', endpoint: 'z', reason: 'who' }).expect(404);
  });

  it('silences alerts where they are on', async () => {
    const silence = { kind: 'silence', match: { policy: 'okx' }, forMs: 60_000, reason: 'known' };
    await act(silence).expect(200);
    await act({ ...silence, match: {} }).expect(400);
    await act({ ...silence, forMs: -1 }).expect(400);
  });

  it('refuses to remove what a decorator uses, and says why', async () => {
    const { body, status } = await act({ kind: 'change', policies: { okx: null }, reason: 'gone' });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      error: 'needs-restart',
      problems: [
        { path: 'policies.okx', rule: 'is used by Rates.fetch: to remove or rename it needs a new deployment' },
      ],
    });
    await expect(app.get(Rates).fetch()).resolves.toBe('rate');
  });
});
