import type { Clock } from '../../core/clock.js';
import type { AlertNotification, AlertSink } from '../sink.js';
import type { WebhookSinkOptions } from '../sink.options.js';
import { postJson } from './post-json.js';
import { signWebhook } from './webhook-signature.js';

/** Posts each notification as JSON, signed where a secret is given. */
export function webhookSink(options: WebhookSinkOptions, clock: Clock): AlertSink {
  const { name, severities, grouping, url, secret, headers } = options;
  return {
    name,
    severities,
    grouping,
    send(notification: AlertNotification, signal: AbortSignal): Promise<void> {
      const body = JSON.stringify(notification);
      const signed = secret === undefined ? {} : signWebhook(secret, notification.id, clock.wallNow(), body);
      return postJson(url, body, { ...headers, ...signed }, signal);
    },
  };
}
