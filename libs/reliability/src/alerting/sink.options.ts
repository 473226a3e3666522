import { z } from 'zod';
import { durationMs } from '../core/options.js';
import { SEVERITIES } from './severity.js';
import type { AlertSink } from './sink.js';

const laterMs = () => z.number().min(0).finite();

const by = () =>
  z.array(z.string().min(1)).max(20).describe('Labels by which alerts are grouped; alertname is the rule');
const waitMs = () => laterMs().describe('How long the first word of a group waits for company, in ms');
const intervalMs = () => laterMs().describe('Shortest time between two notifications of a group, in ms');
const repeatMs = () => durationMs().describe('After how long what goes on firing is told again, in ms');

/** How alerts are put together in notifications, with all defaults. */
export const groupingOptions = z.strictObject({
  by: by().default(['alertname']),
  waitMs: waitMs().default(10_000),
  intervalMs: intervalMs().default(300_000),
  repeatMs: repeatMs().default(14_400_000),
});

/** The same for one sink: what is not given is as for all. */
const ownGrouping = z
  .strictObject({
    by: by().optional(),
    waitMs: waitMs().optional(),
    intervalMs: intervalMs().optional(),
    repeatMs: repeatMs().optional(),
  })
  .optional()
  .describe('As for all, where it is not given here');

const own = {
  severities: z.array(z.enum(SEVERITIES)).min(1).optional().describe('Takes only alerts of these; all by default'),
};
const name = (byDefault: string) =>
  z.string().min(1).max(100).default(byDefault).describe(`Unique among the sinks; default ${byDefault}`);
const httpUrl = () =>
  z
    .string()
    .refine((text) => /^https?:$/.test(parsed(text)?.protocol ?? ''), 'must be an http or https address')
    .refine((text) => (parsed(text)?.username ?? '') === '', 'must not have a user or password in it: use headers');
const headers = z
  .record(z.string().regex(/^[\w-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/, 'must be printable ASCII'))
  .default({})
  .describe('Further headers of each request');

function parsed(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

const logSinkOptions = z.strictObject({ kind: z.literal('log'), name: name('log'), ...own });

const webhookSinkOptions = z.strictObject({
  kind: z.literal('webhook'),
  name: name('webhook'),
  url: httpUrl().describe('Where notifications are posted to'),
  secret: z
    .string()
    .min(16)
    .max(1_000)
    .optional()
    .describe('Signs each request as Standard Webhooks say; at least 16 characters; after whsec_ base64'),
  headers,
  grouping: ownGrouping,
  ...own,
});

const alertmanagerSinkOptions = z.strictObject({
  kind: z.literal('alertmanager'),
  name: name('alertmanager'),
  url: httpUrl().describe('Its address: http://127.0.0.1:9093'),
  labels: z.record(z.string(), z.string()).default({}).describe('Labels that all alerts get'),
  repeatMs: durationMs()
    .default(60_000)
    .describe('How often a firing alert is told again, in ms; it ends by itself after four times as long'),
  headers,
  ...own,
});

const ownSink = z.custom<AlertSink>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof (value as AlertSink).send === 'function' &&
    typeof (value as AlertSink).name === 'string',
  'must be the options of a sink, or an object with name and send',
);

export const sinkOptions = z.union([
  z.discriminatedUnion('kind', [logSinkOptions, webhookSinkOptions, alertmanagerSinkOptions]),
  ownSink,
]);

export type LogSinkOptions = z.output<typeof logSinkOptions>;
export type WebhookSinkOptions = z.output<typeof webhookSinkOptions>;
export type AlertmanagerSinkOptions = z.output<typeof alertmanagerSinkOptions>;
export type SinkOptions = z.output<typeof sinkOptions>;
