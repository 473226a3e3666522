import { AdaptiveDelay } from './adaptive-delay.js';
import { ERROR_CLASSES, type ErrorClass } from '../core/error-class.js';
import { adaptive, Backoff, custom, decorrelated, exponential, fibonacci, fixed, linear } from './backoff.js';
import type { ResolvedRetryOptions } from './retry.options.js';

/** How failures of one class are repeated. */
export interface ClassPlan {
  /** Attempts, the first included; 1 means no repetition. */
  readonly attempts: number;
  readonly backoff: Backoff;
  /** Learns the delay, where the strategy is `adaptive`. */
  readonly learner: AdaptiveDelay | undefined;
}

export type ClassPlans = Readonly<Record<ErrorClass, ClassPlan>>;

/** Attempts and first delay by class, where the options say nothing. */
export const CLASS_PRESETS: Readonly<Record<ErrorClass, { attempts: number; baseMs: number }>> = {
  network: { attempts: 5, baseMs: 2_000 },
  rateLimit: { attempts: 3, baseMs: 5_000 },
  server: { attempts: 4, baseMs: 1_000 },
  timeout: { attempts: 3, baseMs: 3_000 },
  unknown: { attempts: 5, baseMs: 1_000 },
  data: { attempts: 2, baseMs: 1_000 },
  client: { attempts: 1, baseMs: 1_000 },
  auth: { attempts: 1, baseMs: 1_000 },
};

/** Classes whose number of attempts comes from the nature of the failure, not from the general option. */
const BY_NATURE: ReadonlySet<ErrorClass> = new Set(['data', 'client', 'auth']);

type BackoffChoice = NonNullable<ResolvedRetryOptions['backoff']>;

/** What is said about a class wins over what is said in general, and what is said at all over the presets. */
export function planClasses(options: ResolvedRetryOptions): ClassPlans {
  const planned = ERROR_CLASSES.map((errorClass): [ErrorClass, ClassPlan] => {
    const own = options.classes[errorClass];
    const preset = CLASS_PRESETS[errorClass];
    const general = BY_NATURE.has(errorClass) ? undefined : options.attempts;
    const chosen = own?.backoff ?? options.backoff;
    return [
      errorClass,
      {
        attempts: own?.attempts ?? general ?? preset.attempts,
        backoff: chosen === undefined ? exponential({ baseMs: preset.baseMs }).jitter().cap() : backoffOf(chosen),
        learner: isAdaptive(chosen) ? new AdaptiveDelay(chosen) : undefined,
      },
    ];
  });
  return Object.fromEntries(planned) as Record<ErrorClass, ClassPlan>;
}

/** Whether a delay may depend on how long the operation has taken: strategies put together and of one's own may ask. */
export function mayLookAtTime({ backoff, classes }: ResolvedRetryOptions): boolean {
  const chosen = [backoff, ...Object.values(classes).map((own) => own?.backoff)];
  return chosen.some((choice) => choice instanceof Backoff || typeof choice === 'function');
}

function isAdaptive(choice: BackoffChoice | undefined): choice is Extract<BackoffChoice, { kind: 'adaptive' }> {
  return (choice as { kind?: string } | undefined)?.kind === 'adaptive';
}

/** The strategy that options describe. */
export function backoffOf(choice: BackoffChoice): Backoff {
  if (choice instanceof Backoff) return choice;
  if (typeof choice === 'function') return custom(choice);
  switch (choice.kind) {
    case 'fixed':
      return fixed(choice).jitter(choice.jitter);
    case 'linear':
      return linear(choice).jitter(choice.jitter).cap(choice.capMs);
    case 'exponential':
      return exponential(choice).jitter(choice.jitter).cap(choice.capMs);
    case 'fibonacci':
      return fibonacci(choice).jitter(choice.jitter).cap(choice.capMs);
    case 'decorrelated':
      return decorrelated(choice).cap(choice.capMs);
    case 'adaptive':
      return adaptive().jitter(choice.jitter).cap(choice.capMs);
  }
}
