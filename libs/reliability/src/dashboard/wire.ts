import type { Alert } from '../core/alert.js';
import type { PolicySnapshot } from '../core/policy.js';
import type { DependencyHealth } from '../manager/health-score.js';

/** What the page is told over server-sent events, each as the JSON of one `data:` line. Times are monotonic ms. */
export interface LiveMessage {
  readonly v: 1;
  /** The server's monotonic time of this message. */
  readonly now: number;
  /** Ms since the Unix epoch at `now`. */
  readonly wall: number;
  /** What came before is void: `set` and `log` hold everything. */
  readonly full?: true;
  /** Parts that are new or changed, by id. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** Ids of parts that are no more. */
  readonly gone?: readonly string[];
  /** Transitions, in the order in which they happened. */
  readonly log?: readonly TimelineEntry[];
}

/** Ids of parts: these, `health/<name>` and `policy/<type>/<name>`. */
export const APP_PART = 'app';
export const SCORE_PART = 'score';
export const ALERTS_PART = 'alerts';

export const healthPart = (name: string): string => `health/${name}`;
export const policyPart = (type: string, name: string): string => `policy/${type}/${name}`;

/** The part `app`. */
export interface AppPart {
  readonly title: string;
  /** Whether this reader may act. */
  readonly mayAct: boolean;
  /** Why not. */
  readonly whyNot?: string;
  /** Since when transitions are kept. */
  readonly since: number;
}

/** The part `score`. */
export interface ScorePart {
  readonly score: number;
  readonly dependencies: number;
}

/** A part `health/<name>`. */
export type HealthPart = DependencyHealth;

/** A part `policy/<type>/<name>`: the policy's snapshot, spans of time replaced by points in time. */
export type PolicyPart = PolicySnapshot;

/** An element of the part `alerts`. */
export type AlertPart = Alert;

/** A transition that is kept for the timeline. */
export interface TimelineEntry {
  readonly at: number;
  /** Name of the policy. */
  readonly name: string;
  readonly kind: 'circuit' | 'endpoint' | 'limiter' | 'balancer' | 'bulkhead' | 'chaos';
  readonly key?: string;
  /** Of circuits: the states. */
  readonly from?: string;
  readonly to?: string;
  readonly text: string;
}

/** One setting of a policy, as the page lists it. */
export interface Setting {
  /** Kind of policy, as the configuration names it, and the path below: `['circuitBreaker', 'openForMs']`. */
  readonly path: readonly string[];
  readonly value: string | number | boolean | null;
  /** Whether it is the default. */
  readonly preset: boolean;
  readonly description?: string;
}

/** Answer of `GET <path>/settings?name=…`. */
export interface SettingsAnswer {
  readonly name: string;
  /** Whether the name is configured, so that its settings can be changed. */
  readonly configured: boolean;
  readonly settings: readonly Setting[];
  readonly version?: number;
}

/** Answer of `POST <path>/actions`, whatever its status. */
export interface ActionAnswer {
  readonly ok: boolean;
  /** What was done, or why not, in words. */
  readonly message: string;
}
