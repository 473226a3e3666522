import { FaultBoard } from './fault-board.js';
import { faultSchema, type FaultInput, type FaultSpec } from './fault.schema.js';

const spec = (input: FaultInput): FaultSpec => faultSchema.parse(input);
const board = (): FaultBoard => new FaultBoard((venue) => (venue === 'okx' ? ['okx-1', 'okx-2'] : []));
const down = spec({ kind: 'venueDown', venue: 'okx', startMs: 100, durationMs: 50 });
const slow = spec({ kind: 'latency', distribution: 'fixed', delayMs: 5, venue: 'okx', host: 'okx-2', durationMs: 500 });

describe('FaultBoard', () => {
  it('begins a fault at its start and ends it before its end', () => {
    const faults = board();
    const { startsAt, endsAt, hosts } = faults.add(down, 1_000, 1_000);
    expect({ startsAt, endsAt, hosts }).toEqual({ startsAt: 1_100, endsAt: 1_150, hosts: ['okx-1', 'okx-2'] });
    expect([1_099, 1_100, 1_149, 1_150].map((now) => faults.refuses('okx-1', now))).toEqual([false, true, true, false]);
  });

  it('lies on the hosts named, in the order the faults began', () => {
    const faults = board();
    faults.add(down, 1_000, 1_000);
    faults.add(slow, 1_000, 1_000);
    expect(faults.activeOn('okx-1', 1_120).map(({ kind }) => kind)).toEqual(['venueDown']);
    expect(faults.activeOn('okx-2', 1_120).map(({ kind }) => kind)).toEqual(['latency', 'venueDown']);
  });

  it('says when a port must next change, and nothing for faults that need no port', () => {
    const faults = board();
    faults.add(slow, 1_000, 1_000);
    expect(faults.nextPortChange(1_000)).toBeNull();
    faults.add(down, 1_000, 1_000);
    expect([1_000, 1_100, 1_150].map((now) => faults.nextPortChange(now))).toEqual([1_100, 1_150, null]);
  });

  it('ends a fault when told, and one that has not begun never happens', () => {
    const faults = board();
    const { id } = faults.add(down, 1_000, 1_000);
    expect(faults.end(id, 1_120)).toBe(true);
    expect(faults.refuses('okx-1', 1_120)).toBe(false);
    const later = faults.add(down, 2_000, 1_200);
    faults.end(later.id, 1_200);
    expect(faults.refuses('okx-1', 2_100)).toBe(false);
    expect(faults.end('f99', 1_200)).toBe(false);
  });

  it('moves the end of a fault whose port opened late', () => {
    const faults = board();
    faults.add(down, 1_000, 1_000);
    faults.reopened('okx-1', 1_101, 1_163);
    expect(faults.all()[0]?.endsAt).toBe(1_163);
  });

  it('names a venue or host that does not exist, with the known ones', () => {
    expect(board().problemsOf(spec({ kind: 'html', venue: 'okx', host: 'okx-9', durationMs: 1 }))).toEqual([
      'host: must be * or one of okx-1, okx-2; got "okx-9"',
    ]);
    expect(board().problemsOf(spec({ kind: 'html', venue: 'gate', durationMs: 1 }))).toEqual([
      'venue: must be one that is served; got "gate"',
    ]);
  });

  it('forgets the oldest ended fault to stay within 10,000, and refuses when none has ended', () => {
    const faults = board();
    for (let i = 0; i < 10_000; i += 1) faults.add(slow, 0, 0);
    expect(() => faults.add(slow, 0, 0)).toThrow('at most 10000 may be waiting to end');
    faults.add(slow, 1_000, 1_000);
    expect(faults.all()).toHaveLength(10_000);
  });
});
