import { ReliabilityError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';
import type { Action } from './actions.js';
import type { AuditEntry, AuditListOptions } from './audit-trail.js';
import type { ConfigurationDocument, Json } from './configuration-document.js';
import type { ConfigurationVersion, ListOptions } from './configuration-history.js';

/** Who acts, as authenticated by whatever stands before the control. */
export interface Actor {
  readonly who: string;
  /** How: `admin 127.0.0.1`, `dashboard`, `code`, `manager`. */
  readonly via: string;
}

/** What an action has done. Without secrets. */
export interface ActionResult {
  readonly kind: Action['kind'];
  /** What it was about: `circuit-breaker "okx"`, `configuration`. */
  readonly target: string;
  readonly before?: Json;
  readonly after?: Json;
  /** Version of the configuration in force now. */
  readonly version: number;
}

/** Why an action was not carried out. */
export type RefusalKind =
  /** Not a known action, or its options are wrong: `problems` says what. */
  | 'invalid'
  /** There is no such policy, endpoint, version or rule. */
  | 'not-found'
  /** Another version is in force than the expected one, or a shared source was changed at the same time. */
  | 'conflict'
  /** It cannot be done while running: it needs a new deployment. */
  | 'needs-restart'
  /** A shared source cannot be written now. */
  | 'unavailable'
  /** This one may only look. */
  | 'forbidden';

/** An action was not carried out; nothing has changed. */
export class ActionRefusedError extends ReliabilityError {
  constructor(
    readonly kind: RefusalKind,
    message: string,
    readonly problems: readonly OptionProblem[] = [],
    cause?: unknown,
  ) {
    super(message, { code: 'ACTION_REFUSED', policyType: 'control', policy: '', refused: true, cause });
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'ActionRefusedError', configurable: true, writable: true });
  }
}

/** The configuration in force. Without secrets. */
export interface ConfigurationView {
  readonly version: number;
  readonly config: ConfigurationDocument;
  /** Sources in order, later ones winning over earlier ones. */
  readonly sources: readonly SourceView[];
  /** Options set while running, the ones included that a source has overtaken. */
  readonly overrides: readonly OverrideView[];
}

export interface SourceView {
  readonly name: string;
  /** Whether it could be read, last time it was tried. */
  readonly available: boolean;
  /** Why what it holds is not in use. */
  readonly problem?: string;
  readonly revision?: string;
  /** Whether changes made while running are kept there. */
  readonly keepsChanges: boolean;
}

export interface OverrideView {
  readonly path: string;
  readonly value: Json;
  /** `false`: a source has said something else since, which holds. */
  readonly inForce: boolean;
}

/** What pages, the admin API and rules steer by. Injected as `ReliabilityControl`. */
export interface Control {
  /**
   * Carries out an action, whatever it came in as, and writes it to the audit trail, refused ones included.
   * @throws ActionRefusedError as a rejection when it is not carried out; nothing has changed then
   */
  perform(action: unknown, actor: Actor): Promise<ActionResult>;
  /** Writes to the audit trail what was refused before it came here: no token, a read-only API. */
  refused(action: unknown, actor: Actor, why: string): void;
  configuration(): ConfigurationView;
  /** Versions without secrets, the latest first. */
  versions(options?: ListOptions): Promise<readonly ConfigurationVersion[]>;
  /** @returns one version without secrets */
  version(version: number): Promise<ConfigurationVersion | undefined>;
  /** The latest first. */
  audit(options?: AuditListOptions): Promise<readonly AuditEntry[]>;
}
