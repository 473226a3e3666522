import { assert, constantFrom, integer, property } from 'fast-check';
import { VENUE_IDS, type VenueId } from '../venues/venue.js';
import { FAULT_KINDS, faultSchema, type FaultSpec } from './fault.schema.js';
import { BLOCK_MS, scheduleBlock } from './schedules.js';

const hostsOf: ReadonlyMap<VenueId, readonly string[]> = new Map(
  VENUE_IDS.map((venue) => [venue, [`${venue}-1`, `${venue}-2`, `${venue}-3`]]),
);
const block = (name: 'none' | 'default' | 'storm', seed: number, index = 0, blockMs = BLOCK_MS): readonly FaultSpec[] =>
  scheduleBlock(name, seed, index, blockMs, hostsOf).map((fault) => faultSchema.parse(fault));
const endOf = (fault: FaultSpec): number => fault.startMs + fault.durationMs;

describe('named fault schedules', () => {
  it('has nothing in none', () => {
    expect(block('none', 1)).toEqual([]);
  });

  it('is the same for a seed and a block, and another for another', () => {
    expect(block('storm', 5)).toEqual(block('storm', 5));
    expect(block('storm', 5)).not.toEqual(block('storm', 6));
    expect(block('storm', 5, 0)).not.toEqual(block('storm', 5, 1));
  });

  it('brings every kind of fault, every latency and both sorts of 429 to a storm of 60 s, for any seed', () => {
    assert(
      property(integer({ min: 0, max: 0xffff_ffff }), integer({ min: 0, max: 1_000 }), (seed, index) => {
        const faults = block('storm', seed, index);
        expect([...new Set(faults.map(({ kind }) => kind))].sort()).toEqual([...FAULT_KINDS].sort());
        const latencies = faults.flatMap((fault) => (fault.kind === 'latency' ? [fault.distribution] : []));
        expect([...new Set(latencies)].sort()).toEqual(['fixed', 'longTail', 'normal']);
        const told = faults.flatMap((fault) =>
          fault.kind === 'rateLimited' ? [fault.retryAfterSeconds !== null] : [],
        );
        expect(new Set(told)).toEqual(new Set([true, false]));
      }),
      { numRuns: 30 },
    );
  });

  it('touches every venue, on single hosts and on all of them', () => {
    const faults = block('storm', 1);
    expect(new Set(faults.map(({ venue }) => venue))).toEqual(new Set(VENUE_IDS));
    expect(faults.filter(({ host }) => host !== '*').length).toBeGreaterThan(10);
    expect(faults.filter(({ host }) => host === '*').length).toBeGreaterThan(10);
  });

  it('leaves each venue wholly sound a quarter of the time, faults apart from each other, and none over 8 s', () => {
    assert(
      property(
        constantFrom('default' as const, 'storm' as const),
        integer({ min: 0, max: 0xffff_ffff }),
        (name, seed) => {
          const faults = block(name, seed);
          for (const venue of VENUE_IDS) {
            const own = faults.filter((fault) => fault.venue === venue).sort((a, b) => a.startMs - b.startMs);
            const troubled = own.reduce((sum, { durationMs }) => sum + durationMs, 0);
            expect(troubled).toBeLessThan(BLOCK_MS * 0.75);
            for (const [i, fault] of own.entries()) {
              expect(fault.durationMs).toBeLessThanOrEqual(8_000);
              expect(fault.startMs).toBeGreaterThanOrEqual(i === 0 ? 0 : endOf(own[i - 1] ?? fault));
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each([60_000, 30_000, 10_000])('ends within a block of %d ms, with calm after it', (blockMs) => {
    const last = Math.max(...block('storm', 9, 0, blockMs).map(endOf));
    expect(last).toBeLessThan(blockMs * 0.91);
  });
});
