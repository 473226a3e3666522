import type { Fault } from '@marketprism/exchange-simulator';
import { recoveriesOf } from './recoveries.js';

const fault = (kind: Fault['kind'], startsAt: number, endsAt: number, spec: object = {}): Fault => ({
  id: 'f',
  venue: 'okx',
  hosts: ['okx-1'],
  kind,
  startsAt,
  endsAt,
  affected: 1,
  spec: { kind, ...spec } as Fault['spec'],
});
const answers = (...times: number[]) => new Map([['okx', times]]);

describe('recoveriesOf', () => {
  it('measures from the end of a fault to the next good answer', () => {
    expect(recoveriesOf([fault('unavailable', 10, 20)], answers(5, 15, 27), 100)).toEqual([
      { venue: 'okx', kind: 'unavailable', ms: 7 },
    ]);
  });

  it('leaves out faults that tell how long to wait, and those that nobody felt', () => {
    const faults = [
      fault('banned', 10, 20),
      fault('rateLimited', 30, 40, { retryAfterSeconds: 2 }),
      { ...fault('html', 50, 60), affected: 0 },
    ];
    expect(recoveriesOf(faults, answers(99), 100)).toEqual([]);
  });

  it('counts a limit without Retry-After, and a refused port, which cannot count', () => {
    const faults = [
      fault('rateLimited', 10, 20, { retryAfterSeconds: null }),
      { ...fault('venueDown', 40, 50), affected: 0 },
    ];
    expect(recoveriesOf(faults, answers(21, 55), 100).map(({ ms }) => ms)).toEqual([1, 5]);
  });

  it('counts from the end of a fault that came in between', () => {
    const faults = [fault('html', 10, 20), fault('refused', 15, 30)];
    expect(recoveriesOf(faults, answers(33), 100).map(({ ms }) => ms)).toEqual([3, 3]);
  });

  it('counts what never recovered up to the end', () => {
    expect(recoveriesOf([fault('html', 10, 20)], answers(15), 100)[0]?.ms).toBe(80);
  });
});
