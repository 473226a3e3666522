import { CircuitBreaker, ReliabilityModule } from '@marketprism/reliability';
import { textOf, type Stream, type StreamMessage } from '@marketprism/stream';
import { BatchConsumer, BatchConsumers, InjectStream, STREAM, StreamModule } from '@marketprism/stream/nest';
import { bindStreamMetrics } from '@marketprism/stream/prometheus';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';

import { eventually } from '../engines/eventually.js';

@Injectable()
class RateStore {
  readonly stored: string[] = [];
  failures = 0;

  constructor(@InjectStream() private readonly stream: Stream) {}

  add(text: string) {
    return this.stream.publish('rates.okx', text);
  }

  @BatchConsumer({ consumer: 'store', waitMs: 1, failures: { network: { baseMs: 5, capMs: 5 } } })
  @CircuitBreaker({ consecutiveFailures: 3, openForMs: 60 })
  async store(messages: readonly StreamMessage[]): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    }
    this.stored.push(...messages.map(textOf));
  }
}

describe('the stream in a Nest application', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stream-nest-'));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const start = async (consumers = {}, providers = [RateStore]) => {
    const module = await Test.createTestingModule({
      imports: [
        ReliabilityModule.forRoot({}),
        StreamModule.forRootAsync({ useFactory: () => ({ journal: { directory }, consumers }) }),
      ],
      providers,
    }).compile();
    return module.createNestApplication().init();
  };

  it('hands a decorated method its batches, and drains before it closes', async () => {
    const app = await start();
    const store = app.get(RateStore);
    await Promise.all(['a', 'b', 'c'].map((text) => store.add(text)));
    await eventually(() => expect(store.stored.sort()).toEqual(['a', 'b', 'c']));
    await app.close();
    const again = await start();
    await again.get(RateStore).add('d');
    await eventually(() => expect(again.get(RateStore).stored).toEqual(['d']));
    await again.close();
  });

  it('waits out the failures of a protected method, its open circuit included, and loses nothing', async () => {
    const app = await start();
    const store = app.get(RateStore);
    store.failures = 5;
    for (const text of ['a', 'b', 'c', 'd']) await store.add(text);
    await eventually(() => expect(store.stored.sort()).toEqual(['a', 'b', 'c', 'd']));
    await eventually(() => expect(app.get(BatchConsumers).inspect()[0]).toMatchObject({ acked: 4, deadLettered: 0 }));
    await app.close();
  });

  it('shows depth, age, waits and counts to Prometheus', async () => {
    const app = await start();
    await app.get(RateStore).add('a');
    await eventually(() => expect(app.get(BatchConsumers).inspect()[0]?.acked).toBe(1));
    const registry = new Registry();
    bindStreamMetrics(registry, { consumers: () => app.get(BatchConsumers).inspect() });
    const text = await registry.metrics();
    expect(text).toContain('stream_consumer_settled_total{consumer="store",result="acked"} 1');
    expect(text).toContain('stream_consumer_queue_depth{consumer="store"} 0');
    expect(text).toContain('stream_consumer_queue_wait_seconds_bucket{consumer="store",le="+Inf"} 1');
    expect(await registry.metrics()).toContain('stream_consumer_settled_total{consumer="store",result="acked"} 1');
    await app.close();
  });

  it('refuses options for a consumer that does not exist', async () => {
    const app = start({ stor: { batchSize: 5 } });
    await expect(app).rejects.toThrow('consumers.stor: there is no such consumer; known are store');
  });

  it('refuses two methods under one name', async () => {
    @Injectable()
    class Other {
      @BatchConsumer({ consumer: 'store' })
      store(): void {}
    }
    await expect(start({}, [RateStore, Other] as never)).rejects.toThrow(
      'consumer "store" is both RateStore.store and Other.store; names must differ',
    );
  });

  it('offers the stream under its token', async () => {
    const app = await start();
    expect(app.get<Stream>(STREAM).kind).toBe('embedded');
    await app.close();
  });
});
