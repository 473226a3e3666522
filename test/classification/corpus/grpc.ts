import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status as Status,
  type StatusObject,
} from '@grpc/grpc-js';
import type { ErrorClass } from '@marketprism/reliability';
import { aborted, type Expected, failure, neverSent } from '../failure.js';
import type { World } from '../world.js';

const PATH = '/rates.Rates/Get';
const asIs = (bytes: Buffer) => bytes;

type Handler = (fail: (status: Partial<StatusObject>) => void) => void;

/** A gRPC server with one unary method, which fails as told. */
export async function serving(world: World, handle: Handler): Promise<{ address: string; server: Server }> {
  const server = new Server();
  server.addService(
    {
      Get: {
        path: PATH,
        requestStream: false,
        responseStream: false,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    },
    { Get: (_call: unknown, done: (error: Partial<StatusObject>) => void) => handle((status) => done(status)) },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
  world.after(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, server };
}

export function calling(world: World, address: string, options: { deadlineMs?: number; cancelMs?: number } = {}) {
  const client = new Client(address, credentials.createInsecure());
  world.after(() => client.close());
  return new Promise((resolve, reject) => {
    const deadline = options.deadlineMs === undefined ? Infinity : Date.now() + options.deadlineMs;
    const call = client.makeUnaryRequest(PATH, asIs, asIs, Buffer.alloc(0), { deadline }, (error, value) => {
      if (error === null) resolve(value);
      else reject(error);
    });
    if (options.cancelMs !== undefined) setTimeout(() => call.cancel(), options.cancelMs);
  });
}

export const status = (
  code: Status,
  name: string,
  expected: ErrorClass | Expected,
  metadata: Record<string, string> = {},
) =>
  failure(
    expected,
    `gRPC, ${name}${Object.entries(metadata)
      .map(([key, value]) => `, ${key}: ${value}`)
      .join('')}`,
    async (world) => {
      const { address } = await serving(world, (fail) =>
        fail({ code, details: name.toLowerCase(), metadata: Metadata.fromHttp2Headers(metadata) }),
      );
      await calling(world, address);
    },
  );

export const grpc = [
  status(Status.UNKNOWN, 'UNKNOWN', 'server'),
  status(Status.INVALID_ARGUMENT, 'INVALID_ARGUMENT', 'client'),
  status(Status.NOT_FOUND, 'NOT_FOUND', 'client'),
  status(Status.PERMISSION_DENIED, 'PERMISSION_DENIED', 'auth'),
  status(Status.RESOURCE_EXHAUSTED, 'RESOURCE_EXHAUSTED', 'rateLimit'),
  status(Status.FAILED_PRECONDITION, 'FAILED_PRECONDITION', 'client'),
  status(Status.ABORTED, 'ABORTED', 'server'),
  status(Status.UNIMPLEMENTED, 'UNIMPLEMENTED', 'client'),
  status(Status.INTERNAL, 'INTERNAL', 'server'),
  status(Status.UNAVAILABLE, 'UNAVAILABLE', 'server'),
  status(Status.DATA_LOSS, 'DATA_LOSS', 'data'),
  status(Status.UNAUTHENTICATED, 'UNAUTHENTICATED', 'auth'),
  status(
    Status.UNAVAILABLE,
    'UNAVAILABLE',
    { errorClass: 'server', retryAfterMs: 250, retryable: true },
    { 'grpc-retry-pushback-ms': '250' },
  ),
  status(
    Status.UNAVAILABLE,
    'UNAVAILABLE',
    { errorClass: 'server', retryable: false },
    { 'grpc-retry-pushback-ms': '-1' },
  ),
  failure('timeout', 'gRPC, the deadline passed', async (world) => {
    const { address } = await serving(world, () => undefined);
    await calling(world, address, { deadlineMs: 80 });
  }),
  failure(aborted, 'gRPC, cancelled by its caller', async (world) => {
    const { address } = await serving(world, () => undefined);
    await calling(world, address, { cancelMs: 50 });
  }),
  failure(neverSent('network'), 'gRPC, connection refused', async (world) =>
    calling(world, `127.0.0.1:${await world.closedPort()}`),
  ),
  failure('network', 'gRPC, connection lost while a call is under way', async (world) => {
    const { address, server } = await serving(world, () => setTimeout(() => server.forceShutdown(), 20));
    await calling(world, address);
  }),
];
