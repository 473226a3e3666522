/** Where an alert is in its life. Times are those of the series. */
export type AlertPhase =
  | { readonly kind: 'inactive' }
  /** The condition holds, but not for long enough yet. */
  | { readonly kind: 'pending'; readonly since: number }
  | {
      readonly kind: 'firing';
      readonly since: number;
      readonly firedAt: number;
      /** Since when the condition has been gone, while the alert is kept. */
      readonly goneSince: number | undefined;
    };

export interface PhaseTiming {
  readonly forMs: number;
  readonly keepFiringMs: number;
}

export const INACTIVE: AlertPhase = { kind: 'inactive' };

/** The phase after the condition has been looked at. */
export function nextPhase(phase: AlertPhase, breached: boolean, now: number, timing: PhaseTiming): AlertPhase {
  switch (phase.kind) {
    case 'inactive':
      if (!breached) return phase;
      return timing.forMs === 0 ? firing(now, now) : { kind: 'pending', since: now };
    case 'pending':
      if (!breached) return INACTIVE;
      return now - phase.since >= timing.forMs ? firing(phase.since, now) : phase;
    case 'firing': {
      if (breached) return phase.goneSince === undefined ? phase : firing(phase.since, phase.firedAt);
      const goneSince = phase.goneSince ?? now;
      if (now - goneSince >= timing.keepFiringMs) return INACTIVE;
      return phase.goneSince === undefined ? { ...phase, goneSince } : phase;
    }
  }
}

const firing = (since: number, firedAt: number): AlertPhase => ({
  kind: 'firing',
  since,
  firedAt,
  goneSince: undefined,
});
