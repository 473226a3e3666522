import { buildChain } from '@marketprism/reliability';
import { testCapabilities } from '@marketprism/reliability/testing';
import { parseConfig } from './config/load-config.js';
import { venueSettings } from './config/venue-settings.js';
import { reliabilityConfig } from './reliability.config.js';
import { VenueError } from './venues/venue-error.js';

const config = parseConfig({ venues: { okx: { hosts: ['http://a', 'http://b'] } } }, 'test');

describe('the protection of a venue that says how long to wait', () => {
  /** When requests were sent, in ms from the first, and how the call ended; only the first is answered badly. */
  async function requestsAfter(details: Pick<VenueError, 'errorClass' | 'retryAfterMs'>) {
    const { policies } = reliabilityConfig(config, venueSettings(config));
    const test = testCapabilities();
    const chain = buildChain({ name: 'okx', ...policies?.['okx'] }, test);
    const sent: number[] = [];
    const ended = chain
      .execute(async () => {
        sent.push(test.clock.now());
        if (sent.length === 1) throw new VenueError('asks to wait', { venue: 'okx', ...details });
        return 'answered';
      })
      .catch((error: unknown) => error);
    await test.clock.run(config.collect.deadlineMs);
    return { after: sent.slice(1).map((time) => time - sent[0]!), ended: await ended };
  }

  it('sends the next request as soon as the wait is over, when there were too many', async () => {
    expect(await requestsAfter({ errorClass: 'rateLimit', retryAfterMs: 20_250 })).toEqual({
      after: [20_250],
      ended: 'answered',
    });
  });

  it('waits in the repetition, when the venue is overloaded: the limiter holds nothing for that', async () => {
    const { after, ended } = await requestsAfter({ errorClass: 'server', retryAfterMs: 20_250 });
    expect(ended).toBe('answered');
    expect(after[0]).toBeGreaterThanOrEqual(20_250);
    expect(after[0]).toBeLessThanOrEqual(20_250 * 1.1);
  });

  it('gives up at once, with what the venue said, when the wait is longer than the poll may take', async () => {
    const { after, ended } = await requestsAfter({ errorClass: 'rateLimit', retryAfterMs: 60_250 });
    expect(after).toEqual([]);
    expect(ended).toMatchObject({ name: 'VenueError', retryAfterMs: 60_250 });
  });
});
