import type { Logger } from '@nestjs/common';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

type Done = Parameters<SpanExporter['export']>[1];

/** Says in the log when spans can no longer be sent, and when they can again: once each. */
export class AnnouncedExporter implements SpanExporter {
  #failing = false;
  #muted = false;
  readonly #origin: string;

  constructor(
    private readonly exporter: SpanExporter,
    url: string,
    private readonly log: Pick<Logger, 'log' | 'warn'>,
  ) {
    this.#origin = new URL(url).origin;
  }

  export(spans: ReadableSpan[], done: Done): void {
    this.exporter.export(spans, (result) => {
      const failing = result.code !== ExportResultCode.SUCCESS;
      if (this.#muted) return done(result);
      if (failing && !this.#failing) {
        this.log.warn(
          `Spans cannot be sent to ${this.#origin} and are lost: ${result.error?.message ?? 'unknown reason'}`,
        );
      } else if (!failing && this.#failing) this.log.log(`Spans are sent to ${this.#origin} again`);
      this.#failing = failing;
      done(result);
    });
  }

  /** Nobody waits for spans any more: what becomes of them is not said. */
  mute(): void {
    this.#muted = true;
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }
}
