import type { VenueTrouble, WireAnswer } from '../venues/venue.js';
import type { Fault } from './fault-board.js';
import { latencyMs } from './latency.js';

/** How the bytes of an answer leave, or do not. */
export type Transport = 'whole' | 'resetBeforeHeaders' | 'resetMidBody' | 'headersNever' | 'dripBody';

export interface Delivery {
  readonly answer: WireAnswer;
  readonly transport: Transport;
  readonly delayMs: number;
  /** The faults that made it differ from what the venue would have said. */
  readonly faults: readonly Fault[];
  /** The venue's own answer, whole: what an auditor may count on. */
  readonly sound: boolean;
}

const HTML_PAGE =
  '<!DOCTYPE html>\n<html lang="en"><head><title>Just a moment...</title></head>' +
  '<body><h1>Checking your browser before accessing the site.</h1></body></html>\n';

function retryAfter(answer: WireAnswer, seconds: number | null): WireAnswer {
  const { 'retry-after': _dropped, ...rest } = answer.headers ?? {};
  return { ...answer, headers: seconds === null ? rest : { ...rest, 'retry-after': String(seconds) } };
}

/** Three fifths of a text, and never all of it: cut JSON that cannot parse. */
export function cut(text: string): string {
  return text.slice(0, Math.max(1, Math.min(text.length - 1, Math.floor(text.length * 0.6))));
}

interface Changed {
  readonly answer: WireAnswer;
  readonly transport: Transport;
}

function change(fault: Fault, own: WireAnswer, trouble: VenueTrouble, now: number, u: number): Changed | null {
  const whole = (answer: WireAnswer): Changed => ({ answer, transport: 'whole' });
  const withTransport = (transport: Transport): Changed => ({ answer: own, transport });
  switch (fault.spec.kind) {
    case 'latency':
    case 'refused':
    case 'venueDown':
      return null;
    case 'rateLimited':
      return whole(retryAfter(trouble.rateLimited(null, now), fault.spec.retryAfterSeconds));
    case 'banned': {
      const leftMs = fault.endsAt - now;
      return whole(retryAfter(trouble.banned(leftMs, now), Math.ceil(leftMs / 1_000)));
    }
    case 'unavailable':
      return whole(trouble.unavailable(now));
    case 'maintenance':
      return whole((trouble.maintenance[Math.floor(u * trouble.maintenance.length)] ?? trouble.unavailable)(now));
    case 'truncatedJson':
      return whole({ status: 200, body: cut(own.body), ...(own.headers && { headers: own.headers }) });
    case 'html':
      return whole({ status: 200, body: HTML_PAGE, headers: { 'content-type': 'text/html; charset=UTF-8' } });
    case 'emptyObject':
      return whole({ status: 200, body: '{}' });
    case 'emptyArray':
      return whole({ status: 200, body: '[]' });
    case 'resetBeforeHeaders':
    case 'resetMidBody':
    case 'headersNever':
    case 'dripBody':
      return withTransport(fault.spec.kind);
  }
}

/**
 * What becomes of a venue's own answer under the faults on its host: delays add up, and the fault that began first
 * decides everything else. `uniforms` gives independent numbers in [0, 1).
 */
export function deliver(
  own: WireAnswer,
  faults: readonly Fault[],
  trouble: VenueTrouble,
  now: number,
  uniforms: () => number,
): Delivery {
  let delayMs = 0;
  const used: Fault[] = [];
  let changed: Changed | null = null;
  for (const fault of faults) {
    if (fault.spec.kind === 'latency') {
      delayMs += latencyMs(fault.spec, uniforms(), uniforms());
      used.push(fault);
    } else if (changed === null) {
      changed = change(fault, own, trouble, now, uniforms());
      if (changed !== null) used.push(fault);
    }
  }
  return {
    answer: changed?.answer ?? own,
    transport: changed?.transport ?? 'whole',
    delayMs,
    faults: used,
    sound: changed === null,
  };
}
