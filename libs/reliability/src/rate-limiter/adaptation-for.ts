import type { Adaptation, FunctionFailed } from './adaptation.js';
import type { ResolvedAdaptiveOptions } from './adaptive.options.js';
import { Aimd } from './aimd.js';
import { Cubic } from './cubic.js';
import { LoadRule } from './load-rule.js';
import type { ResolvedWindow } from './rate-limiter.options.js';
import { SreThrottle } from './sre-throttle.js';

export function adaptationFor(
  options: ResolvedAdaptiveOptions,
  windows: readonly ResolvedWindow[],
  now: number,
  failed: FunctionFailed,
): Adaptation {
  const perMs = Math.min(...windows.map(({ limit, windowMs }) => limit / windowMs));
  const windowMs = Math.min(...windows.map((window) => window.windowMs));
  switch (options.kind) {
    case 'load':
      return new LoadRule(options, perMs, now, failed);
    case 'aimd':
      return new Aimd(options, windowMs, now);
    case 'cubic':
      return new Cubic(options, perMs * 1_000, now);
    case 'sre':
      return new SreThrottle(options);
  }
}
