import { EventBus } from '../core/event-bus.js';
import type { Random } from '../core/random.js';
import { seededRandom } from '../core/random.js';
import { ManualClock } from './manual-clock.js';
import { RecordedEvents } from './recorded-events.js';

/** Capabilities under the test's control, with everything emitted on record. */
export interface TestCapabilities {
  readonly clock: ManualClock;
  readonly random: Random;
  readonly emit: EventBus;
  readonly events: RecordedEvents;
}

/** Time at 0, chance from `seed`, an error for every listener that throws. */
export function testCapabilities(seed = 1): TestCapabilities {
  const emit = new EventBus();
  return { clock: new ManualClock(), random: seededRandom(seed), emit, events: new RecordedEvents(emit) };
}
