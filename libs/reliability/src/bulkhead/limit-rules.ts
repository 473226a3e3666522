import type { Random } from '../core/random.js';
import { AdaptiveConcurrency } from './adaptive-concurrency.js';
import { AimdRule } from './aimd-rule.js';
import type { ResolvedAdaptiveOptions } from './bulkhead.options.js';
import { GradientRule } from './gradient-rule.js';
import type { LimitRule } from './limit-rule.js';
import { VegasRule } from './vegas-rule.js';

/** The limit that the options describe, at most `maxConcurrent`. */
export function createAdaptiveConcurrency(
  options: ResolvedAdaptiveOptions,
  maxConcurrent: number,
  random: Random,
): AdaptiveConcurrency {
  return new AdaptiveConcurrency({ ...options, maxLimit: maxConcurrent }, ruleOf(options, random));
}

function ruleOf(options: ResolvedAdaptiveOptions, random: Random): LimitRule {
  switch (options.algorithm) {
    case 'gradient2':
      return new GradientRule({ ...options, baselineCeilingMs: options.baselineCeilingMs ?? Infinity });
    case 'vegas':
      return new VegasRule(random, options.baselineCeilingMs ?? Infinity);
    case 'aimd':
      return new AimdRule(options.backoffRatio, options.slowMs);
  }
}
