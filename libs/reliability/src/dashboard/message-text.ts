import type { Delta, Parts } from './delta.js';
import type { TimelineEntry } from './wire.js';

/** A `LiveMessage` as the text of a server-sent event, put together from JSON that exists already. */
export const MessageText = {
  change(now: number, wall: number, { set, gone }: Delta, log: readonly TimelineEntry[]): string {
    const fields = [
      ...headOf(now, wall),
      ...(set === undefined ? [] : [`"set":${set}`]),
      ...(gone.length === 0 ? [] : [`"gone":${JSON.stringify(gone)}`]),
      ...(log.length === 0 ? [] : [`"log":${JSON.stringify(log)}`]),
    ];
    return `data: {${fields.join(',')}}\n\n`;
  },

  everything(now: number, wall: number, parts: Parts, log: readonly TimelineEntry[]): string {
    const set = [...parts].map(([id, json]) => `${JSON.stringify(id)}:${json}`).join(',');
    return `data: {${headOf(now, wall).join(',')},"full":true,"set":{${set}},"log":${JSON.stringify(log)}}\n\n`;
  },
};

const headOf = (now: number, wall: number) => ['"v":1', `"now":${Math.round(now)}`, `"wall":${Math.round(wall)}`];
