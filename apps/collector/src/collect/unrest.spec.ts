import { Unrest } from './unrest.js';

describe('Unrest', () => {
  const paces = (unrest: Unrest, ...times: number[]) => times.map((now) => unrest.pollEveryMs('okx', 30_000, now));

  it('polls a venue at twice the pace until nothing has failed for five intervals', () => {
    const unrest = new Unrest();
    expect(paces(unrest, 0)).toEqual([30_000]);
    unrest.failed('okx', 'timeout', 1_000);
    expect(paces(unrest, 1_000, 150_999, 151_000)).toEqual([15_000, 15_000, 30_000]);
    unrest.failed('okx', 'server', 200_000);
    unrest.failed('okx', 'server', 250_000);
    expect(paces(unrest, 399_999, 400_000)).toEqual([15_000, 30_000]);
  });

  it('keeps venues apart', () => {
    const unrest = new Unrest();
    unrest.failed('gate', 'network', 0);
    expect(paces(unrest, 0)).toEqual([30_000]);
  });

  it('asks one that says to be asked too often no more than usual, until something else fails', () => {
    const unrest = new Unrest();
    unrest.failed('okx', 'rateLimit', 0);
    expect(paces(unrest, 0)).toEqual([30_000]);
    unrest.failed('okx', 'data', 1_000);
    unrest.failed('okx', 'rateLimit', 2_000);
    expect(paces(unrest, 2_000)).toEqual([30_000]);
    unrest.failed('okx', 'data', 3_000);
    expect(paces(unrest, 3_000)).toEqual([15_000]);
  });
});
