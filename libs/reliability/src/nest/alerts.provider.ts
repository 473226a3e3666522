import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Alerts } from '../alerting/alerts.js';
import type { AlertsOptions } from '../alerting/alerts.options.js';
import type { Alert, AlertSeverity } from '../core/alert.js';
import type { Capabilities } from '../core/capabilities.js';
import { redactText } from '../core/redact.js';
import type { ReliabilityManager } from '../manager/reliability-manager.js';
import { LogLine } from './log-line.js';

/** Nothing is looked at unless alerts are configured; `active()` is empty then. */
const NO_ALERTS: AlertsOptions = { builtin: false, sinks: [] };

/** @throws InvalidOptionsError naming every problem below `alerts` */
export function createAlerts(
  options: AlertsOptions | undefined,
  manager: ReliabilityManager,
  capabilities: Capabilities,
): Alerts {
  const logger = new Logger('Alerts');
  const write = (severity: AlertSeverity, line: string, { name, state, policy, value, id }: Alert) => {
    const entry = new LogLine(redactText(line), {
      alert: name,
      state,
      severity,
      policy,
      id,
      value: value ?? undefined,
    });
    if (severity === 'critical') logger.error(entry);
    else if (severity === 'warning') logger.warn(entry);
    else logger.log(entry);
  };
  return new Alerts(options ?? NO_ALERTS, {
    capabilities,
    inspect: () => manager.inspect(),
    log: write,
    onSinkFailure: (sink, error) => {
      const why = redactText(error instanceof Error ? error.message : String(error));
      logger.warn(new LogLine(`Alerts could not be delivered to "${sink}": ${why}`, { sink }));
    },
  });
}

/** Begins to look once the application is up, and stops with it. */
@Injectable()
export class AlertsLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(private readonly alerts: Alerts) {}

  onApplicationBootstrap(): void {
    this.alerts.start();
  }

  onApplicationShutdown(): void {
    this.alerts.close();
  }
}
