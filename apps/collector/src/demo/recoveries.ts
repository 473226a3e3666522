import type { Fault } from '@marketprism/exchange-simulator';

export interface Recovery {
  readonly venue: string;
  readonly kind: string;
  /** From the end of the fault to the venue's next good answer, in ms. */
  readonly ms: number;
}

/** Faults after which the venue itself asks to be left alone. */
function asksToWait({ kind, spec }: Fault): boolean {
  return kind === 'banned' || (spec.kind === 'rateLimited' && spec.retryAfterSeconds !== null);
}

/**
 * How long every venue took to answer again after each of its faults, except those that tell how long to wait. Where
 * another fault of the venue began before it answered, the wait counts from that one's end.
 * @param goodAnswers times of good answers by venue, ascending, in ms
 * @param endedAt when answers were last looked for, in ms
 */
export function recoveriesOf(
  faults: readonly Fault[],
  goodAnswers: ReadonlyMap<string, readonly number[]>,
  endedAt: number,
): Recovery[] {
  const recoveries: Recovery[] = [];
  for (const fault of faults) {
    if (fault.endsAt >= endedAt || !wasFelt(fault)) continue;
    const answers = goodAnswers.get(fault.venue) ?? [];
    const answeredAt = answers.find((time) => time >= fault.endsAt) ?? endedAt;
    const meanwhile = faults.filter(
      (other) => other !== fault && other.venue === fault.venue && overlaps(other, fault.endsAt, answeredAt),
    );
    if ([fault, ...meanwhile].some(asksToWait)) continue;
    const from = Math.max(fault.endsAt, ...meanwhile.map(({ endsAt }) => Math.min(endsAt, answeredAt)));
    recoveries.push({ venue: fault.venue, kind: fault.kind, ms: answeredAt - from });
  }
  return recoveries;
}

/** A refused connection reaches nobody who could count it. */
function wasFelt({ kind, affected }: Fault): boolean {
  return affected > 0 || kind === 'refused' || kind === 'venueDown';
}

function overlaps({ startsAt, endsAt }: Fault, from: number, to: number): boolean {
  return startsAt < to && endsAt > from;
}
