import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ReliabilityModule } from '@marketprism/reliability';
import request from 'supertest';

const TOKEN = 'a-token-of-32-characters-in-a-test';

@Module({
  imports: [
    ReliabilityModule.forRootAsync({
      admin: { path: 'steer', auth: { token: () => Promise.resolve(TOKEN) }, write: true },
      useFactory: () => ({ policies: { okx: { circuitBreaker: {} } } }),
    }),
  ],
})
class AppModule {}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('the admin API on %s', (_, adapter) => {
  it('is mounted by forRootAsync below the prefix of the application, and steers', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = module.createNestApplication(adapter(), { logger: false });
    app.setGlobalPrefix('api');
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer() as Parameters<typeof request>[0];
    const action = { kind: 'force', policy: 'okx', state: 'open', reason: 'maintenance' };
    await request(server).post('/api/steer/actions').send(action).expect(401);
    await request(server)
      .post('/api/steer/actions')
      .set('authorization', `Bearer ${TOKEN}`)
      .send(action)
      .expect(200)
      .expect(({ body }) => expect(body).toMatchObject({ before: 'closed', after: 'forced-open' }));
    await request(server)
      .get('/api/steer/audit')
      .set('authorization', `Bearer ${TOKEN}`)
      .expect(200)
      .expect(({ body }) =>
        expect(body).toMatchObject({ entries: [{ outcome: 'done' }, { outcome: 'refused', who: 'unknown' }] }),
      );
    await app.close();
  });

  it('does not take its options from the factory', async () => {
    const options = { policies: {}, admin: { auth: { token: TOKEN } } };
    const module = Test.createTestingModule({
      imports: [ReliabilityModule.forRootAsync({ useFactory: () => options })],
    });
    await expect(module.compile()).rejects.toThrow('admin: stands beside useFactory, not in what it gives');
  });
});
