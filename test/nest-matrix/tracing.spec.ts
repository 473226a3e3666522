import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { CircuitBreaker, ReliabilityModule } from '@marketprism/reliability';
import { ReliabilityTracingModule, TracedLogger } from '@marketprism/reliability/opentelemetry';

@Injectable()
class Rates {
  @CircuitBreaker('okx')
  async fetch(): Promise<never> {
    throw new Error('down');
  }
}

describe('tracing and its logger', () => {
  it('give a span per call and a line per transition', async () => {
    const exporter = new InMemorySpanExporter();
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    let written = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      written += String(chunk);
      return true;
    });
    const module = await Test.createTestingModule({
      imports: [
        ReliabilityModule.forRoot({ policies: { okx: { circuitBreaker: { consecutiveFailures: 1 } } } }),
        ReliabilityTracingModule.register({ tracerProvider }),
      ],
      providers: [Rates],
    })
      .setLogger(new TracedLogger({ logLevels: ['warn'] }))
      .compile();
    await module.init();
    await expect(module.get(Rates).fetch()).rejects.toThrow('down');
    await module.close();
    jest.restoreAllMocks();
    expect(
      exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes['reliability.outcome']]),
    ).toEqual([['Rates.fetch', 'failure']]);
    expect(JSON.parse(written)).toMatchObject({
      level: 'warn',
      context: 'Reliability',
      event: 'circuit-breaker.transition',
      policy: 'okx',
      to: 'open',
      message: expect.stringMatching(/^Circuit "okx": closed → open/),
    });
    expect(trace.getActiveSpan()).toBeUndefined();
  });
});
