import * as fc from 'fast-check';
import { Compartment } from './compartment.js';

function holding(...costs: number[]): Compartment {
  const compartment = new Compartment(undefined, undefined);
  for (const cost of costs) compartment.take(cost);
  return compartment;
}

describe('Compartment', () => {
  it.each([
    { held: [], cost: 1, limit: 1, fits: true },
    { held: [], cost: 9, limit: 1, fits: true },
    { held: [1], cost: 1, limit: 2, fits: true },
    { held: [1], cost: 1.1, limit: 2, fits: false },
    { held: [2], cost: 1, limit: 2, fits: false },
    { held: [9], cost: 1, limit: 2, fits: false },
  ])('holding $held below $limit: another $cost fits: $fits', ({ held, cost, limit, fits }) => {
    expect(holding(...held).fits(cost, limit)).toBe(fits);
  });

  it('is empty when everything taken was given back, in any order, whatever the costs', () => {
    const costs = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { maxLength: 30 });
    fc.assert(
      fc.property(costs, (taken) => {
        const compartment = holding(...taken);
        expect(compartment.running).toBe(taken.length);
        for (const cost of taken) compartment.giveBack(cost);
        expect(compartment).toMatchObject({ used: 0, running: 0 });
      }),
    );
  });

  it('counts cost and work apart', () => {
    const compartment = holding(3, 4);
    expect(compartment).toMatchObject({ used: 7, running: 2 });
    compartment.giveBack(3);
    expect(compartment).toMatchObject({ used: 4, running: 1 });
  });
});
