import type { Clock } from './clock.js';
import { systemClock } from './clock.js';
import { EventBus } from './event-bus.js';
import type { Random } from './random.js';
import { systemRandom } from './random.js';

/** Everything a policy may touch outside itself: time, chance and telemetry. */
export interface Capabilities {
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: EventBus;
}

/** The process's own time and chance, with an event bus of its own. */
export function systemCapabilities(): Capabilities {
  return { clock: systemClock, random: systemRandom, emit: new EventBus() };
}
