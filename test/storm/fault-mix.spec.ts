import { buildChain, type RetryOptions, seededRandom } from '@marketprism/reliability';
import { testCapabilities } from '@marketprism/reliability/testing';

/**
 * The published mix: the share of attempts that meet each fault, every one of them gone by the next attempt or soon
 * after. On top of it the dependency is out for 3 s in every 60.
 */
const MIX = [
  { share: 0.05, make: () => Object.assign(new Error('reset'), { code: 'ECONNRESET' }) },
  { share: 0.05, make: () => Object.assign(new Error('unavailable'), { status: 503 }) },
  { share: 0.03, make: () => Object.assign(new Error('too many'), { status: 429, headers: { 'retry-after': '2' } }) },
  { share: 0.03, make: () => Object.assign(new Error('slow'), { code: 'UND_ERR_HEADERS_TIMEOUT' }) },
  { share: 0.02, make: () => new SyntaxError('Unexpected end of JSON input') },
];
const OUTAGE = { everyMs: 60_000, forMs: 3_000 };
const CALLS_PER_SECOND = 10;
const MINUTES = 5;

/** The share of calls that succeed, and attempts per call. */
async function run(retry: RetryOptions) {
  const test = testCapabilities();
  const random = seededRandom(11);
  const chain = buildChain({ retry }, test);
  let [calls, attempts, succeeded] = [0, 0, 0];
  const attempt = async () => {
    attempts += 1;
    if (test.clock.now() % OUTAGE.everyMs < OUTAGE.forMs) throw MIX[0]!.make();
    let chance = random.next();
    for (const { share, make } of MIX) {
      if (chance < share) throw make();
      chance -= share;
    }
    return 'rate';
  };
  const endings: Promise<unknown>[] = [];
  for (let at = 0; at < MINUTES * 60_000; at += 1_000 / CALLS_PER_SECOND) {
    test.clock.schedule(at, () => {
      calls += 1;
      endings.push(
        chain.execute(attempt).then(
          () => (succeeded += 1),
          () => undefined,
        ),
      );
    });
  }
  for (let step = 0; step < (MINUTES + 2) * 600; step += 1) {
    test.clock.advance(100);
    await new Promise(setImmediate);
  }
  await Promise.all(endings);
  return { success: succeeded / calls, attemptsPerCall: attempts / calls };
}

jest.setTimeout(60_000);

it('at least 95 % of the operations succeed with the presets; fewer than 80 % do without a retry', async () => {
  const [without, with_] = [await run({ attempts: 1, classes: { data: { attempts: 1 } } }), await run({})];
  expect(without.success).toBeLessThan(0.8);
  expect(with_.success).toBeGreaterThanOrEqual(0.95);
  expect(with_.attemptsPerCall).toBeLessThan(1.5);
});
