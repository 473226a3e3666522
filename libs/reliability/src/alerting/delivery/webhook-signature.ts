import { createHmac, timingSafeEqual } from 'node:crypto';

/** Headers of the Standard Webhooks specification (standardwebhooks.com, 1.0). */
export interface WebhookHeaders {
  readonly 'webhook-id': string;
  /** Seconds since the Unix epoch. */
  readonly 'webhook-timestamp': string;
  /** `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`; several, for several secrets, with spaces between. */
  readonly 'webhook-signature': string;
}

/** The headers that let the receiver tell who sent a body, and that it is not an old one sent again. */
export function signWebhook(secret: string, id: string, wallNow: number, body: string): WebhookHeaders {
  const timestamp = String(Math.floor(wallNow / 1_000));
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${digest(secret, `${id}.${timestamp}.${body}`)}`,
  };
}

/**
 * For receivers: whether a body comes from a holder of the secret and is at most `toleranceMs` old or ahead.
 * @param body exactly as received
 * @param toleranceMs default 300,000
 */
export function verifyWebhook(
  secret: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
  wallNow: number,
  toleranceMs = 300_000,
): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return false;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(wallNow - Number(timestamp) * 1_000) > toleranceMs) return false;
  const expected = Buffer.from(digest(secret, `${id}.${timestamp}.${body}`));
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature.startsWith('v1,') ? signature.slice('v1,'.length) : '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** A secret after `whsec_` is base64, any other is taken as it is. */
function digest(secret: string, content: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret;
  return createHmac('sha256', key).update(content).digest('base64');
}
