import type { Classify, ErrorClass } from '../core/error-class.js';
import type { FallbackHandler, ResolvedFallbackOptions } from './fallback.options.js';

/** Where an answer comes from. */
export type FallbackSource = 'last-good' | 'method' | 'handler' | 'value';

interface Condition {
  readonly errors?: readonly ErrorClass[];
  readonly when?: (error: unknown) => boolean;
}

/** One answer of a fallback. */
export type FallbackStep = Condition &
  (
    | { readonly source: 'last-good' }
    | { readonly source: 'method'; readonly method: string }
    | { readonly source: 'handler'; readonly handler: FallbackHandler }
    | { readonly source: 'value'; readonly value: unknown }
  );

type Given = Pick<NonNullable<ResolvedFallbackOptions['steps']>[number], 'method' | 'handler' | 'value'>;

/** The answers in the order in which they are tried. */
export function fallbackSteps(options: ResolvedFallbackOptions): readonly FallbackStep[] {
  if (options.steps !== undefined) {
    return options.steps.flatMap((step) => stepsOf(conditionOf(step), step, step.lastGood === true));
  }
  return stepsOf(conditionOf(options), options, options.lastGood !== undefined);
}

/** Whether a step is meant for an error. */
export function answers({ errors, when }: FallbackStep, error: unknown, classify: Classify): boolean {
  if (errors !== undefined && !errors.includes(classify(error).errorClass)) return false;
  return when === undefined || when(error);
}

function conditionOf({ errors, when }: Condition): Condition {
  return { errors, when };
}

function stepsOf(condition: Condition, given: Given, lastGood: boolean): FallbackStep[] {
  const steps: FallbackStep[] = [];
  if (lastGood) steps.push({ ...condition, source: 'last-good' });
  if (given.method !== undefined) steps.push({ ...condition, source: 'method', method: given.method });
  else if (given.handler !== undefined) steps.push({ ...condition, source: 'handler', handler: given.handler });
  else if ('value' in given) steps.push({ ...condition, source: 'value', value: given.value });
  return steps;
}
