import type { LoggerService } from '@nestjs/common';
import type { ReliabilityEvent } from '@marketprism/reliability';
import type { Alert } from '@marketprism/reliability/alerting';

/** The events that a watcher wants to know of, in a line each. */
export function noteworthy(event: ReliabilityEvent): string | undefined {
  switch (event.type) {
    case 'circuit-breaker.transition':
      return `${event.policy}: breaker ${event.from} → ${event.to} (${event.reason})`;
    case 'load-balancer.endpoint':
      return event.change === 'ejected' || event.change === 'returned' || event.change === 'resting'
        ? `${event.policy}: host ${event.endpoint.replace(/^https?:\/\//, '')} ${event.change} (${event.cause})`
        : undefined;
    case 'rate-limiter.paused':
      return `${event.policy}: asked to wait ${(event.forMs / 1_000).toFixed(1)} s`;
    case 'alert.firing':
      return `alert ${event.alert.name} (${event.alert.severity}${of(event.alert)}): ${event.alert.summary}`;
    case 'alert.resolved':
      return `alert ${event.alert.name}${of(event.alert)} is over`;
    default:
      return undefined;
  }
}

const of = ({ policy }: Alert) => (policy === undefined ? '' : `, ${policy}`);

/** Lets only errors through: the view shows the rest. */
export class QuietLogger implements LoggerService {
  log(): void {}
  warn(): void {}
  error(...message: unknown[]): void {
    process.stderr.write(`${message.map(String).join(' ')}\n`);
  }
}
