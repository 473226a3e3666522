import { openStream, type Stream } from '@marketprism/stream';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describeWithEngines, type Engine } from '../engines/engine.js';
import { natsServer } from '../engines/nats.js';
import { describeStream } from './stream.contract.js';

describeWithEngines(['nats-server'], 'a stream on a NATS server', () => {
  const directory = mkdtempSync(join(tmpdir(), 'nats-'));
  let server: Engine & { readonly url: string };
  let streams = 0;

  beforeAll(async () => {
    server = await natsServer(directory);
    await server.start();
  });

  afterAll(async () => {
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  describeStream(async () => {
    const name = `contract-${(streams += 1)}`;
    let stream: Stream = await openStream({ nats: { servers: server.url, name } });
    return {
      stream,
      reopen: async () => {
        await stream.close();
        stream = await openStream({ nats: { servers: server.url, name } });
        return stream;
      },
      end: () => stream.close(),
    };
  });
});
