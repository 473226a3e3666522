/** What the instances of a service report together about one breaker. */
export interface FleetEvidence {
  /** Instances that report. */
  readonly live: number;
  /** Of these, how many have opened by themselves. */
  readonly open: number;
  /** Ms until the last of these openings is over. */
  readonly openForMs: number;
}

export interface QuorumRules {
  /** Share of the live instances that must have opened for the others to open as well. */
  readonly quorum: number;
  /** And at least so many of them: one alone convinces nobody. */
  readonly minInstances: number;
}

/** `open`: so do the others. `wary`: somebody has reason to, so less is needed here. `calm`: nobody has. */
export type FleetVerdict = 'open' | 'wary' | 'calm';

/** What the evidence means for an instance that has not opened by itself. */
export function verdictOf({ live, open }: FleetEvidence, { quorum, minInstances }: QuorumRules): FleetVerdict {
  if (open >= Math.max(minInstances, Math.ceil(live * quorum))) return 'open';
  return open > 0 ? 'wary' : 'calm';
}
