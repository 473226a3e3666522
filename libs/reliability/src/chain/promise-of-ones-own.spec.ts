import { pendingWork } from '../testing/pending-work.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { buildChain, type ChainOptions } from './build-chain.js';

/** A promise of `value` that tells whoever waits for it at once, and again once `again` is settled. */
function tellingAgain(value: string, again: Promise<unknown>): Promise<string> {
  const first = Promise.resolve(value);
  const told: typeof first.then = (onValue, onError) => {
    void again.then(() => first.then(onValue, onError)).catch(() => undefined);
    return first.then(onValue, onError);
  };
  // oxlint-disable-next-line no-thenable -- what such a promise does is what is tested
  return Object.defineProperty(new Promise<string>(() => undefined), 'then', { value: told });
}

const CHAINS: readonly ChainOptions[] = [
  { bulkhead: { maxConcurrent: 3 } },
  { bulkhead: { maxConcurrent: 3 }, circuitBreaker: {} },
  { bulkhead: { maxConcurrent: 3 }, timeLimit: {} },
  { bulkhead: { maxConcurrent: 3 }, retry: {}, timeLimit: {} },
];

describe('a promise that tells of its result twice', () => {
  it.each(CHAINS.map((options) => [Object.keys(options).join(', '), options] as const))(
    'gives its permit back once, and has nothing to do with a later call: %s',
    async (_, options) => {
      const chain = buildChain(options, testCapabilities());
      const inFlight = () => chain.inspect().find(({ type }) => type === 'bulkhead')!['inFlight'];
      const again = pendingWork();
      expect(await chain.execute(() => tellingAgain('first', again.promise))).toBe('first');
      const slow = pendingWork<string>();
      const later = chain.execute(() => slow.promise);
      again.resolve(undefined);
      await new Promise(setImmediate);
      expect(inFlight()).toBe(1);
      slow.resolve('slow');
      expect(await later).toBe('slow');
      expect(inFlight()).toBe(0);
    },
  );
});
