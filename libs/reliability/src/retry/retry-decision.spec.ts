import fc from 'fast-check';
import type { Classification } from '../core/error-class.js';
import { fixed } from './backoff.js';
import { decide, type FailureFacts, isExhaustion } from './retry-decision.js';

type Given = Omit<Partial<FailureFacts>, 'classification' | 'plan'> & {
  readonly classification?: Partial<Classification>;
  readonly attempts?: number;
  readonly chance?: number;
  readonly elapsedMs?: number;
};

/** The first of three attempts failed on the other side; 100 ms are to be waited; nothing speaks against it. */
function facts({ classification, attempts = 3, chance = 0.5, elapsedMs = 0, ...rest }: Given = {}): FailureFacts {
  return {
    classification: { errorClass: 'server', ...classification },
    plan: { attempts, backoff: fixed({ delayMs: 100 }).upTo({ retries: 10 }), learner: undefined },
    attempt: 1,
    wanted: undefined,
    refused: false,
    retriedElsewhere: false,
    repeatable: true,
    step: { retry: rest.attempt ?? 1, chance, previousChance: 0, previousMs: 0, elapsedMs, learnedMs: 0 },
    withinMs: Infinity,
    remainingMs: Infinity,
    expectedLatencyMs: 0,
    retryAfter: { minMs: 100, maxMs: 60_000, beyond: 'clamp' },
    ...rest,
  };
}

describe('one failed attempt', () => {
  it.each<[string, Given, number | string]>([
    ['is followed by another', {}, 100],
    ['is the last one allowed', { attempt: 3 }, 'attempts'],
    ['is the last but one allowed', { attempt: 2 }, 100],
    ['is beyond what its strategy repeats', { attempt: 11, attempts: 50 }, 'attempts'],
    ['is of a class that is not repeated', { attempts: 1 }, 'not-retryable'],
    [
      'is of such a class, but the other side invites a retry',
      { attempts: 1, classification: { retryable: true } },
      100,
    ],
    ['is the second such', { attempts: 1, attempt: 2, classification: { retryable: true } }, 'attempts'],
    ['is of such a class, but its user wants a retry', { attempts: 1, wanted: true }, 100],
    ['is the second that its user wants repeated', { attempts: 1, attempt: 2, wanted: true }, 'attempts'],
    ['is the second of four that its user wants repeated', { attempts: 4, attempt: 2, wanted: true }, 100],
    ['is not wanted to be repeated', { wanted: false }, 'not-retryable'],
    ['came with the word not to repeat it', { classification: { retryable: false } }, 'pushback'],
    ['came with that word, but its user knows better', { classification: { retryable: false }, wanted: true }, 100],
    ['was a refusal of this process', { refused: true }, 'refused'],
    ['was a refusal that its user wants to wait out', { refused: true, wanted: true }, 100],
    ['has been retried elsewhere', { retriedElsewhere: true }, 'retried-elsewhere'],
    ['has been retried elsewhere, and is wanted again', { retriedElsewhere: true, wanted: true }, 100],
    ['could do harm when repeated', { repeatable: false }, 'not-idempotent'],
    ['could do harm when repeated, wanted or not', { repeatable: false, wanted: true }, 'not-idempotent'],
    [
      'could do harm, but never reached the other side',
      { repeatable: false, classification: { neverSent: true } },
      100,
    ],
  ])('%s', (_name, given, expected) => {
    expect(decide(facts(given))).toBe(expected);
  });
});

describe('time', () => {
  it.each<[string, Given, number | string]>([
    ['just enough until the last attempt may begin', { withinMs: 500, elapsedMs: 400 }, 100],
    ['not enough', { withinMs: 500, elapsedMs: 401 }, 'time'],
    ['just enough until the deadline', { remainingMs: 150, expectedLatencyMs: 50 }, 100],
    ['enough to begin, not enough to finish', { remainingMs: 150, expectedLatencyMs: 51 }, 'deadline'],
    ['not enough for the wait alone', { remainingMs: 99 }, 'deadline'],
  ])('%s', (_name, given, expected) => {
    expect(decide(facts(given))).toBe(expected);
  });
});

describe('a wait that the other side asks for', () => {
  const asked = (retryAfterMs: number, given: Given = {}) =>
    decide(facts({ ...given, classification: { retryAfterMs } }));

  it('replaces the delay, lengthened by up to a tenth', () => {
    expect([asked(2_000, { chance: 0 }), asked(2_000), asked(2_000, { chance: 0.999 })]).toEqual([
      2_000, 2_100, 2_199.8,
    ]);
  });

  it('may be shorter than the delay, but not than the least', () => {
    expect(asked(40, { chance: 0 })).toBe(100);
    expect(asked(40, { chance: 0, retryAfter: { minMs: 20, maxMs: 1_000, beyond: 'clamp' } })).toBe(40);
  });

  it.each([0, -5, Number.NaN])('of %p is none', (retryAfterMs) => {
    expect(asked(retryAfterMs, { retryAfter: { minMs: 1, maxMs: 60_000, beyond: 'clamp' } })).toBe(100);
  });

  it('is not lengthened beyond the longest', () => {
    expect(asked(60_000, { chance: 0.9 })).toBe(60_000);
    expect(asked(58_000, { chance: 0.5 })).toBe(59_000);
  });

  it('beyond the longest is clamped to its last tenth', () => {
    expect([asked(3_600_000, { chance: 0 }), asked(3_600_000, { chance: 0.5 })]).toEqual([60_000, 57_000]);
  });

  it('beyond the longest ends the operation when so configured', () => {
    const retryAfter = { minMs: 100, maxMs: 1_000, beyond: 'stop' } as const;
    expect(asked(1_000, { retryAfter, chance: 0 })).toBe(1_000);
    expect(asked(1_001, { retryAfter })).toBe('retry-after');
  });

  it('does not prolong what the strategy has ended', () => {
    expect(asked(500, { attempt: 11, attempts: 50 })).toBe('attempts');
  });

  it('counts against the deadline', () => {
    expect(asked(2_000, { chance: 0, remainingMs: 1_999 })).toBe('deadline');
  });

  it('is never cut short below what was asked, nor beyond the longest', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1e9, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (retryAfterMs, chance) => {
          const wait = asked(retryAfterMs, { chance });
          return typeof wait === 'number' && wait <= 60_000 && wait >= Math.min(retryAfterMs, 54_000);
        },
      ),
    );
  });
});

test('exhaustion is what ends retries that were wanted', () => {
  const ends = ['attempts', 'time', 'deadline', 'budget', 'retry-after'] as const;
  const others = ['not-retryable', 'not-idempotent', 'pushback', 'refused', 'retried-elsewhere', 'aborted'] as const;
  expect(ends.filter(isExhaustion)).toEqual(ends);
  expect(others.filter(isExhaustion)).toEqual([]);
});
