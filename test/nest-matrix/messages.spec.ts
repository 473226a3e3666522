import 'reflect-metadata';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Controller, type INestApplication, UseFilters } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AbstractGraphQLDriver, Args, type GqlModuleOptions, GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { ClientProxyFactory, EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  type CircuitBreakerHandle,
  getPolicyToken,
  Protect,
  ReliabilityExceptionFilter,
  ReliabilityModule,
} from '@marketprism/reliability';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { graphql, type GraphQLSchema } from 'graphql';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { Tallied, tallied, tallyOf } from './tally.js';
import { freePort } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';

const filter = { provide: APP_FILTER, useClass: ReliabilityExceptionFilter };
const protection = () =>
  ReliabilityModule.forRoot({ ...tallied, policies: { ...tallied.policies, down: { circuitBreaker: {} } } });
const takeDown = (app: INestApplication) =>
  app.get<CircuitBreakerHandle>(getPolicyToken('circuit-breaker', 'down'), { strict: false }).forceOpen();

/** Keeps the schema, to be asked without a server. */
class DirectDriver extends AbstractGraphQLDriver {
  static schema: GraphQLSchema;

  async start(options: GqlModuleOptions) {
    DirectDriver.schema = options.schema!;
  }

  async stop() {}
}

@Controller()
class MessagesController {
  readonly events: string[] = [];

  @MessagePattern('rate')
  @Tallied('okx')
  async rate(@Payload() symbol: string) {
    return `rate of ${symbol}`;
  }

  @Tallied('okx')
  @EventPattern('settled')
  async settled(@Payload() symbol: string) {
    this.events.push(symbol);
  }

  @MessagePattern('refused')
  @Protect('down')
  async refused() {
    return 'never';
  }
}

@UseFilters(ReliabilityExceptionFilter)
@WebSocketGateway()
class RatesGateway {
  @SubscribeMessage('rate')
  @Tallied('okx')
  async rate(@MessageBody() symbol: string) {
    return { event: 'rate', data: `rate of ${symbol}` };
  }

  @SubscribeMessage('refused')
  @Protect('down')
  async refused() {
    return 'never';
  }
}

@Resolver()
class RatesResolver {
  @Query(() => String)
  @Tallied('okx')
  async rate(@Args('symbol') symbol: string): Promise<string> {
    return `rate of ${symbol}`;
  }

  @Query(() => String)
  @Protect('down')
  async refused(): Promise<string> {
    return 'never';
  }
}

describe('handlers of messages', () => {
  let app: INestApplication | undefined;
  afterEach(async () => app?.close());

  it('of a TCP microservice, requests and events', async () => {
    const module = await Test.createTestingModule({
      imports: [protection()],
      controllers: [MessagesController],
      providers: [filter],
    }).compile();
    app = module.createNestApplication({ logger: false });
    const options = { host: '127.0.0.1', port: await freePort() };
    app.connectMicroservice({ transport: Transport.TCP, options }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    expect(await firstValueFrom(client.send('rate', 'BTC'))).toBe('rate of BTC');
    await lastValueFrom(client.emit('settled', 'ETH'), { defaultValue: undefined });
    await eventually(() => app!.get(MessagesController).events.length === 1);
    expect(tallyOf(app).outcomes).toEqual(['success', 'success']);
    takeDown(app);
    await expect(firstValueFrom(client.send('refused', ''))).rejects.toEqual({
      status: 'error',
      message: 'Service Unavailable',
      code: 'CIRCUIT_OPEN',
    });
    await client.close();
  });

  it('of a WebSocket gateway', async () => {
    const module = await Test.createTestingModule({
      imports: [protection()],
      providers: [RatesGateway, filter],
    }).compile();
    app = module.createNestApplication({ logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(socket, 'open');
    const ask = async (event: string) => {
      socket.send(JSON.stringify({ event, data: 'BTC' }));
      const [answer] = (await once(socket, 'message')) as [Buffer];
      return JSON.parse(answer.toString()) as unknown;
    };
    expect(await ask('rate')).toEqual({ event: 'rate', data: 'rate of BTC' });
    expect(tallyOf(app).outcomes).toEqual(['success']);
    takeDown(app);
    expect(await ask('refused')).toMatchObject({
      event: 'exception',
      data: { status: 'error', message: 'Service Unavailable', code: 'CIRCUIT_OPEN' },
    });
    socket.close();
  });

  it('of a Socket.IO gateway', async () => {
    const module = await Test.createTestingModule({
      imports: [protection()],
      providers: [RatesGateway, filter],
    }).compile();
    app = module.createNestApplication({ logger: false });
    app.useWebSocketAdapter(new IoAdapter(app));
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], reconnection: false });
    try {
      const answer = (event: string) => new Promise((resolve) => socket.once(event, resolve));
      await answer('connect');
      const rate = answer('rate');
      socket.emit('rate', 'BTC');
      expect(await rate).toBe('rate of BTC');
      expect(tallyOf(app).outcomes).toEqual(['success']);
      takeDown(app);
      const refused = answer('exception');
      socket.emit('refused', 'BTC');
      expect(await refused).toEqual({
        status: 'error',
        message: 'Service Unavailable',
        code: 'CIRCUIT_OPEN',
        cause: { pattern: 'refused' },
      });
    } finally {
      socket.disconnect();
    }
  });

  it('of a GraphQL resolver', async () => {
    const module = await Test.createTestingModule({
      imports: [protection(), GraphQLModule.forRoot({ driver: DirectDriver, autoSchemaFile: true })],
      providers: [RatesResolver, filter],
    }).compile();
    app = module.createNestApplication({ logger: false });
    await app.init();
    const ask = (source: string) => graphql({ schema: DirectDriver.schema, source, contextValue: {} });
    expect(await ask('{ rate(symbol: "BTC") }')).toEqual({ data: { rate: 'rate of BTC' } });
    expect(tallyOf(app).outcomes).toEqual(['success']);
    takeDown(app);
    expect((await ask('{ refused }')).errors![0]!.toJSON()).toMatchObject({
      message: 'Service Unavailable',
      extensions: { code: 'CIRCUIT_OPEN' },
    });
  });
});
