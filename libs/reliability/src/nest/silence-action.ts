import { z } from 'zod';
import type { Alerts } from '../alerting/alerts.js';
import type { OfferedAction } from '../manager/reliability-control.js';

const text = () => z.string().min(1).max(200);
const LONGEST_MS = 30 * 86_400_000;

const schema = z.strictObject({
  kind: z.literal('silence'),
  /** Labels that an alert must have, `alertname` included; of several values one. */
  match: z
    .record(text(), z.union([text(), z.array(text()).min(1).max(100)]))
    .refine((match) => Object.keys(match).length > 0, 'must name at least one label and its value'),
  forMs: z.number().positive().max(LONGEST_MS),
  reason: z.string().trim().min(1).max(1_000),
});

/** Keeps alerts from the sinks for a while: an action of the control where alerts are on. */
export const silenceAction = (alerts: Alerts): OfferedAction<typeof schema> => ({
  schema,
  perform: ({ match, forMs, reason }, { who }) => {
    const { id, until } = alerts.silence({ match, forMs, by: who, reason });
    return { target: 'alerts', after: { id, match, until } };
  },
});
