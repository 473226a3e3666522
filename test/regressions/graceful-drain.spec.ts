import 'reflect-metadata';
import { Controller, Get, Injectable } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  CircuitBreaker,
  Fallback,
  PolicyRegistry,
  ReliabilityExceptionFilter,
  ReliabilityInterceptor,
  ReliabilityManager,
  ReliabilityModule,
  Retry,
} from '@marketprism/reliability';
import { endingOf, pendingWork, ReliabilityTesting } from '@marketprism/reliability/testing';
import request from 'supertest';
import { eventually } from '../engines/eventually.js';

let gate = pendingWork<string>();

@Injectable()
class Store {
  @CircuitBreaker()
  async read() {
    return 'stored';
  }

  @CircuitBreaker('okx')
  async write() {
    return 'written';
  }
}

@Injectable()
class Rates {
  constructor(
    private readonly store: Store,
    private readonly manager: ReliabilityManager,
  ) {}

  @Retry({ attempts: 2 })
  async direct() {
    await gate.promise;
    return this.store.read();
  }

  @Retry('okx')
  async deep() {
    await gate.promise;
    return this.both();
  }

  @CircuitBreaker()
  async throughManager() {
    await gate.promise;
    return this.manager.executeWithProtection('okx', () => this.store.write());
  }

  @Fallback('stored')
  @CircuitBreaker()
  async answered(): Promise<string> {
    await gate.promise;
    throw new Error('down');
  }

  @CircuitBreaker()
  async stored() {
    return this.store.read();
  }

  private async both() {
    const parts = await Promise.all([this.store.read(), this.manager.executeWithProtection('okx', () => 'managed')]);
    return parts.join(' and ');
  }
}

// On shutdown everything was refused that was not under way itself, so a method that was under way failed as soon as it
// called another protected one: the shutdown was graceful for the innermost calls only.
describe('while the application shuts down', () => {
  const start = async () => {
    gate = pendingWork();
    const testing = new ReliabilityTesting();
    const module = await Test.createTestingModule({
      imports: [testing.forRoot({ policies: { okx: { circuitBreaker: {}, retry: {} } } })],
      providers: [Store, Rates],
    }).compile();
    await module.init();
    return { testing, module, rates: module.get(Rates), store: module.get(Store) };
  };

  it.each([
    ['directly', 'direct', 'stored'],
    ['further in, and several at once', 'deep', 'stored and managed'],
    ['through the manager', 'throughManager', 'written'],
    ['by a fallback', 'answered', 'stored'],
  ] as const)('a call under way finishes with what it calls %s', async (_, method, result) => {
    const { testing, module, rates } = await start();
    const first = rates[method]();
    const closing = module.close();
    expect(await endingOf(closing)).toBe('pending');
    gate.resolve('open');
    expect(await first).toBe(result);
    await testing.clock.run(100);
    await closing;
  });

  it('a call from outside is refused, also of a method that one under way may call', async () => {
    const { testing, module, rates, store } = await start();
    const first = rates.direct();
    const closing = module.close();
    expect(await endingOf(closing)).toBe('pending');
    const refused = { code: 'SHUTTING_DOWN', refused: true };
    await expect(store.read()).rejects.toMatchObject(refused);
    await expect(rates.direct()).rejects.toMatchObject(refused);
    await expect(rates.deep()).rejects.toMatchObject(refused);
    const manager = module.get(ReliabilityManager);
    await expect(manager.executeWithProtection('okx', () => 1)).rejects.toMatchObject(refused);
    gate.resolve('open');
    expect(await first).toBe('stored');
    // What the call under way was admitted to has opened no door behind it.
    await expect(store.read()).rejects.toMatchObject(refused);
    await testing.clock.run(100);
    await closing;
  });

  it('a request under way finishes with what it calls, and a further one is refused', async () => {
    gate = pendingWork();
    let entered = 0;
    @Controller()
    class Api {
      constructor(private readonly store: Store) {}

      @Get()
      async get() {
        entered += 1;
        if (entered === 1) await new Promise((resolve) => setTimeout(() => void gate.promise.then(resolve), 0));
        return this.store.read();
      }
    }
    const module = await Test.createTestingModule({
      imports: [ReliabilityModule.forRoot({ policies: { okx: { circuitBreaker: {} } } })],
      controllers: [Api],
      providers: [
        Store,
        { provide: APP_INTERCEPTOR, useClass: ReliabilityInterceptor },
        { provide: APP_FILTER, useClass: ReliabilityExceptionFilter },
      ],
    }).compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    // A call that is under way keeps the application draining.
    const draining = pendingWork<void>();
    void app.get(ReliabilityManager).executeWithProtection('okx', () => draining.promise);
    const first = request(url)
      .get('/')
      .then((answer) => answer);
    await eventually(() => expect(entered).toBe(1));
    const closing = app.close();
    await eventually(() => expect(app.get(PolicyRegistry).stopped).toBe(true));
    const second = await request(url).get('/');
    expect([second.status, second.body.code]).toEqual([503, 'SHUTTING_DOWN']);
    gate.resolve('open');
    expect((await first).text).toBe('stored');
    draining.resolve();
    await closing;
  });
});
