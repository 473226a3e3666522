import { classify } from '@marketprism/reliability';
import { CORPUS } from './corpus/index.js';
import { type Failure, provoked } from './failure.js';
import { HELD_OUT } from './held-out/index.js';
import { World } from './world.js';

/** Asked-for waits that are dates pass while the test runs. */
const TOLERANCE_MS = 1_000;

const world = new World();
afterEach(() => world.close());

describe('failures that the rules were written with', () => {
  it.each(CORPUS.map((failure) => [failure.expected.errorClass, failure.name, failure] as const))(
    '%s: %s',
    async (_class, _name, failure) => check(failure),
  );
});

describe('failures written after the rules were fixed', () => {
  it.each(HELD_OUT.map((failure) => [failure.expected.errorClass, failure.name, failure] as const))(
    '%s: %s',
    async (_class, _name, failure) => check(failure),
  );
});

test('at least 99 % of all failures are judged right', () => {
  const all = [...CORPUS, ...HELD_OUT];
  const misjudged = all.filter((failure) => failure.misjudged !== undefined);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(1 - misjudged.length / all.length).toBeGreaterThanOrEqual(0.99);
});

async function check(failure: Failure): Promise<void> {
  const { error } = await provoked(failure, world);
  const { retryAfterMs, ...found } = classify(error);
  if (failure.misjudged !== undefined) {
    expect(found.errorClass).toBe(failure.misjudged.as);
    return;
  }
  const { retryAfterMs: expectedWait, neverSent, ...expected } = failure.expected;
  const early = neverSent === 'either' ? found.neverSent : neverSent;
  expect(found).toEqual({ ...expected, ...(early === true && { neverSent: true }) });
  if (expectedWait !== undefined) expect(Math.abs((retryAfterMs ?? NaN) - expectedWait)).toBeLessThan(TOLERANCE_MS);
}
