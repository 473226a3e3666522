import { ConsoleLogger, type ConsoleLoggerOptions, type LogLevel } from '@nestjs/common';
import { context, isSpanContextValid, trace } from '@opentelemetry/api';
import { type Clock, systemClock } from '../core/clock.js';
import { LogLine } from '../nest/log-line.js';
import { LineLimit, type LineLimitOptions } from './line-limit.js';

export interface TracedLoggerOptions extends ConsoleLoggerOptions {
  /** How often identical lines are written. Default: 10 times in 10 s; the rest is counted and told afterwards. */
  readonly repeats?: LineLimitOptions;
  /** Default: the process's own. */
  readonly clock?: Clock;
}

type Rest = [level?: LogLevel, stream?: 'stdout' | 'stderr', ...others: unknown[]];

/**
 * Nest's own logger, one JSON object per line (unless `json: false`), with the ids of the span in which a line was
 * written and, for the transitions of policies, their facts as fields of their own:
 * `NestFactory.create(AppModule, { logger: new TracedLogger() })`.
 */
export class TracedLogger extends ConsoleLogger {
  readonly #limit: LineLimit;
  readonly #clock: Clock;

  constructor({ repeats, clock = systemClock, ...options }: TracedLoggerOptions = {}) {
    super({ json: true, ...options });
    this.#limit = new LineLimit(repeats);
    this.#clock = clock;
  }

  protected override printMessages(messages: unknown[], context?: string, ...rest: Rest): void {
    const wanted = messages.filter((message) => this.#wanted(message, context, rest));
    if (wanted.length > 0) this.#print(wanted, context, rest);
  }

  protected override getJsonLogObject(
    message: unknown,
    options: Parameters<ConsoleLogger['getJsonLogObject']>[1],
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    if (!(message instanceof LogLine)) return { ...super.getJsonLogObject(message, options), ...traceIds() };
    return { ...super.getJsonLogObject(message.message, options), ...message.facts(), ...traceIds() };
  }

  #wanted(message: unknown, context: string | undefined, rest: Rest): boolean {
    const content = identityOf(message);
    if (content === undefined) return true;
    const line = `${rest[0]} ${context} ${content}`;
    const now = this.#clock.now();
    const admitted = this.#limit.admit(line, now);
    if (admitted === true) return true;
    if (admitted.first) {
      this.#clock.schedule(admitted.until - now, () => {
        const repeated = this.#limit.takeLeftOut(line);
        if (repeated > 0) this.#print([repeatedLine(message, repeated)], context, rest);
      });
    }
    return false;
  }

  #print(messages: unknown[], context: string | undefined, rest: Rest): void {
    super.printMessages(messages, context, ...(rest as [LogLevel]));
  }
}

/** What makes a line the same as another; of a transition not the numbers. `undefined` is never the same. */
function identityOf(message: unknown): string | undefined {
  if (typeof message === 'string') return message;
  if (!(message instanceof LogLine)) return undefined;
  return Object.values(message.facts())
    .filter((value) => typeof value !== 'number')
    .join(' ');
}

function repeatedLine(message: unknown, repeated: number): LogLine {
  const fields = message instanceof LogLine ? message.facts() : {};
  return new LogLine(`${String(message)} (${repeated} more times)`, { ...fields, repeated });
}

/** As OpenTelemetry names them in logs of other formats. */
function traceIds(): object {
  const span = trace.getSpanContext(context.active());
  if (span === undefined || !isSpanContextValid(span)) return {};
  return {
    trace_id: span.traceId,
    span_id: span.spanId,
    trace_flags: span.traceFlags.toString(16).padStart(2, '0'),
  };
}
