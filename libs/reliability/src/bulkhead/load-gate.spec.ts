import * as fc from 'fast-check';
import { PRIORITIES } from '../core/priority.js';
import { LoadGate } from './load-gate.js';

/** Who is refused after the gate has seen these loads. */
function refusedAfter(...loads: number[]) {
  const gate = new LoadGate();
  for (const load of loads.slice(0, -1)) gate.refuses('critical', load);
  return PRIORITIES.filter((priority) => gate.refuses(priority, loads.at(-1)!));
}

describe('LoadGate', () => {
  it.each([
    { loads: [0], refused: [] },
    { loads: [0.999], refused: [] },
    { loads: [1], refused: ['low'] },
    { loads: [1.249], refused: ['low'] },
    { loads: [1.25], refused: ['normal', 'low'] },
    { loads: [1.499], refused: ['normal', 'low'] },
    { loads: [1.5], refused: ['high', 'normal', 'low'] },
    { loads: [1e9], refused: ['high', 'normal', 'low'] },
    { loads: [Infinity], refused: ['high', 'normal', 'low'] },
    { loads: [1, 0.9], refused: ['low'] },
    { loads: [1, 0.899], refused: [] },
    { loads: [1.25, 1.125], refused: ['normal', 'low'] },
    { loads: [1.25, 1.124], refused: ['low'] },
    { loads: [1.5, 1.35], refused: ['high', 'normal', 'low'] },
    { loads: [1.5, 1.349], refused: ['normal', 'low'] },
    { loads: [9, 0], refused: [] },
    { loads: [9, 0.95], refused: ['low'] },
    { loads: [1, 0.5, 0.95], refused: [] },
  ])('after loads of $loads refuses $refused', ({ loads, refused }) => {
    expect(refusedAfter(...loads)).toEqual(refused);
  });

  it.each([
    { load: 0.5, refusing: undefined },
    { load: 1, refusing: 'low' },
    { load: 1.3, refusing: 'normal' },
    { load: 2, refusing: 'high' },
  ])('at $load shows $refusing as the most urgent that is refused', ({ load, refusing }) => {
    const gate = new LoadGate();
    expect(gate.refusing).toBeUndefined();
    gate.refuses('low', load);
    expect(gate.refusing).toBe(refusing);
  });

  it('never refuses a priority and takes a less urgent one, nor refuses the critical', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 1 }), (loads) => {
        const refused = refusedAfter(...loads);
        expect(refused).toEqual(PRIORITIES.slice(PRIORITIES.length - refused.length));
        expect(refused).not.toContain('critical');
      }),
    );
  });
});
