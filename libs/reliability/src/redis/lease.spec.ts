import { Lease } from './lease.js';

const RULES = { leaseMs: 400, most: 1_000 };

describe('Lease', () => {
  it('gives out what was granted, the older first, until it expires', () => {
    const lease = new Lease('a', 0);
    lease.grant(3, 10, 400);
    lease.grant(5, 20, 600);
    expect([lease.permits, lease.expiresAt]).toEqual([8, 400]);
    expect(lease.use(2)).toMatchObject({ takenAt: 10, permits: 1 });
    expect(lease.use(2)).toMatchObject({ takenAt: 10, permits: 0 });
    expect([lease.permits, lease.expiresAt]).toEqual([4, 600]);
    expect(lease.expired(599)).toEqual([]);
    expect(lease.expired(600)).toEqual([{ permits: 4, takenAt: 20, expiresAt: 600 }]);
    expect([lease.permits, lease.expiresAt]).toEqual([0, Infinity]);
  });

  it('holds nothing at first, and nothing speaks against asking', () => {
    expect(new Lease('a', 0)).toMatchObject({
      permits: 0,
      expiresAt: Infinity,
      takenAt: -Infinity,
      deniedUntil: -Infinity,
      failedUntil: -Infinity,
      left: 0,
      refilling: false,
      watch: { expiresAt: Infinity, heapIndex: -1 },
    });
    expect(new Lease('a', 0).expired(1_000)).toEqual([]);
  });

  it('goes on to the next batch with the last permit of one', () => {
    const lease = new Lease('a', 0);
    lease.grant(3, 10, 400);
    lease.grant(5, 20, 600);
    lease.use(3);
    expect([lease.permits, lease.expiresAt]).toEqual([5, 600]);
  });

  it('knows for a while that the server has not so many, and nothing of fewer', () => {
    const lease = new Lease('a', 0);
    expect(lease.isDenied(1_000, 0)).toBe(false);
    lease.deny(3, 100);
    expect([lease.isDenied(3, 99), lease.isDenied(4, 99), lease.isDenied(2, 99), lease.isDenied(3, 100)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('expires batch by batch, and has nothing to give back of one that is used up', () => {
    const lease = new Lease('a', 0);
    lease.grant(1, 10, 400);
    lease.grant(1, 20, 500);
    expect(lease.expired(450)).toMatchObject([{ takenAt: 10 }]);
    expect(lease.permits).toBe(1);
    lease.use(1);
    expect(lease.expired(500)).toEqual([]);
  });

  it('takes an unused permit back as long as its batch lasts', () => {
    const lease = new Lease('a', 0);
    lease.grant(2, 10, 400);
    const batch = lease.use(1);
    expect(lease.restore(batch, 1, 399)).toBe(true);
    expect(lease.permits).toBe(2);
    expect(lease.restore(batch, 1, 400)).toBe(false);
    lease.expired(400);
    expect(lease.restore(batch, 1, 300)).toBe(false);
    expect(lease.permits).toBe(0);
  });

  it('runs low when half of it is used, or a quarter of its time is left', () => {
    const lease = new Lease('a', 0);
    lease.grant(10, 0, 400);
    expect(lease.runsLow(0, 400)).toBe(false);
    lease.use(4);
    expect(lease.runsLow(299, 400)).toBe(false);
    expect(lease.runsLow(300, 400)).toBe(true);
    lease.use(1);
    expect(lease.runsLow(0, 400)).toBe(true);
  });

  it('asks for a sixteenth of what it may hold at first, and never for more than that', () => {
    expect(new Lease('a', 0).wanted(1, 1, 0, RULES)).toBe(63);
    expect(new Lease('a', 0).wanted(1, 1, 0, { leaseMs: 400, most: 10 })).toBe(10);
    expect(new Lease('a', 0).wanted(1, 1, 0, { leaseMs: 400, most: 100 })).toBe(32);
    expect(new Lease('a', 0).wanted(2_000, 1, 0, RULES)).toBe(1_000);
    expect(new Lease('a', 0).wanted(2_000, 1_500, 0, RULES)).toBe(1_500);
  });

  it('asks for four times as much when it did not last half its time', () => {
    const lease = new Lease('a', 0);
    lease.grant(100, 0, 400);
    lease.use(100);
    expect(lease.wanted(1, 1, 199, RULES)).toBe(400);
    lease.grant(400, 150, 500);
    lease.use(300);
    expect(lease.wanted(1, 1, 250, RULES)).toBe(900);
  });

  it('asks for half as much again as is used in the time of a lease', () => {
    const lease = new Lease('a', 0);
    lease.grant(900, 0, 400);
    lease.use(800);
    // 800 in 400 ms: 2 per ms, smoothed from 0 to 1: 1 · 400 · 1.5.
    expect(lease.wanted(1, 1, 400, RULES)).toBe(600);
    expect(lease.wanted(1, 1, 450, RULES)).toBe(600);
    expect(lease.wanted(1, 1, 900, RULES)).toBe(300);
  });

  it('measures over a quarter of a lease at least', () => {
    const measuredAt = (now: number) => {
      const lease = new Lease('a', 0);
      lease.grant(900, 0, 100);
      lease.use(800);
      return lease.wanted(1, 1, now, RULES);
    };
    expect([measuredAt(99), measuredAt(100)]).toEqual([63, 900]);
  });

  it('asks for no more than the demand from half its time on, in whole permits', () => {
    const lease = new Lease('a', 0);
    lease.grant(101, 0, 400);
    lease.use(101);
    // 101 in 200 ms, smoothed: 0.2525 per ms, 400 ms, half as much again: 151.5.
    expect(lease.wanted(1, 1, 200, RULES)).toBe(152);
  });

  it('leaves room for the part of a permit that it holds', () => {
    const lease = new Lease('a', 0);
    lease.grant(10, 0, 400);
    lease.use(9.5);
    expect(lease.wanted(1, 1, 300, { leaseMs: 400, most: 10 })).toBe(9);
  });

  it('asks for what is needed and no more in strict mode', () => {
    const lease = new Lease('a', 0);
    lease.grant(5, 0, Infinity);
    lease.use(5);
    expect(lease.wanted(3, 1, 1, { leaseMs: 0, most: 1_000 })).toBe(3);
  });
});
