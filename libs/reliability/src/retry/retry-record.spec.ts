import type { EventType } from '../core/events.js';
import { EventBus } from '../core/event-bus.js';
import { testCall } from '../testing/test-call.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { exponential } from './backoff.js';
import type { ClassPlan } from './class-plan.js';
import { RetryOperation } from './retry-operation.js';
import { RetryRecord } from './retry-record.js';

const plan: ClassPlan = { attempts: 3, backoff: exponential(), learner: undefined };
const error = new Error('503');

/** An operation that fails as often as there are delays, an `undefined` one being the last. */
function failing(record: RetryRecord, delays: readonly (number | undefined)[], startedAt = 0) {
  const operation = new RetryOperation(testCall(), () => undefined, startedAt, 0);
  for (const delayMs of delays) {
    record.attemptFailed(operation, 'server');
    operation.failed('server', error, delayMs);
    if (delayMs !== undefined) operation.begin(plan, delayMs, error, 0);
  }
  return operation;
}

const recordOf = (size = 10) => {
  const { clock, emit } = testCapabilities();
  const record = new RetryRecord('okx', { clock, emit });
  record.keep(size);
  return { record, clock };
};

it('counts operations that failed at first, however often they fail', () => {
  const { record } = recordOf();
  failing(record, [100, 200, undefined]);
  failing(record, [undefined]);
  failing(record, [undefined]);
  expect(record.snapshot()).toMatchObject({ failedFirst: 3, byClass: { server: { failures: 5 } } });
});

it('lists the delays of an operation, of which the last failure has none', () => {
  const { record, clock } = recordOf();
  clock.advance(700);
  record.stopped(failing(record, [100, 200, undefined], 50), error, 'attempts');
  expect(record.snapshot().lastOperations).toStrictEqual([
    {
      call: 'Test.call',
      endedAt: 700,
      durationMs: 650,
      attempts: 3,
      delaysMs: [100, 200],
      classes: ['server', 'server', 'server'],
      outcome: 'attempts',
    },
  ]);
});

it('remembers no operation of which nobody knew when it began', () => {
  const { record } = recordOf();
  record.recovered(failing(record, [100], Number.NaN));
  expect(record.snapshot()).toMatchObject({ recovered: 1, lastOperations: [] });
});

it.each<[EventType, EventType[]]>([
  ['retry.scheduled', ['retry.scheduled']],
  ['retry.exhausted', ['retry.exhausted']],
  ['circuit-breaker.transition', []],
])('tells whoever listens to %s alone of that alone', (type, expected) => {
  const emit = new EventBus();
  const built = jest.spyOn(emit, 'emit');
  const heard: string[] = [];
  emit.on(type, (event) => heard.push(event.type));
  const record = new RetryRecord('okx', { clock: testCapabilities().clock, emit });
  const operation = failing(record, [100]);
  record.scheduled(operation, 100, 0);
  record.stopped(operation, error, 'attempts');
  expect([built.mock.calls.map(([event]) => event.type), heard]).toStrictEqual([expected, expected]);
});
