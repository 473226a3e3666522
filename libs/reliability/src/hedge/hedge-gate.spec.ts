import * as fc from 'fast-check';
import { HedgeGate } from './hedge-gate.js';

const OPTIONS = { maxExtraLoad: 0.1, overloadShare: 0.2 };

function gateAfter({ calls = 0, hedges = 0, overloads = 0 }, now = 0) {
  const gate = new HedgeGate();
  for (let count = 0; count < calls; count += 1) gate.opened(now);
  for (let count = 0; count < hedges; count += 1) gate.sent(now);
  for (let count = 0; count < overloads; count += 1) gate.overloaded(now);
  return gate;
}

describe('HedgeGate', () => {
  it.each([
    { after: { calls: 1 }, objection: undefined },
    { after: { calls: 1, hedges: 1 }, objection: 'extra-load' },
    { after: { calls: 19, hedges: 1 }, objection: 'extra-load' },
    { after: { calls: 20, hedges: 1 }, objection: undefined },
    { after: { calls: 20, hedges: 2 }, objection: 'extra-load' },
    { after: { calls: 9, overloads: 9 }, objection: undefined },
    { after: { calls: 10, overloads: 1 }, objection: undefined },
    { after: { calls: 10, overloads: 2 }, objection: 'overloaded' },
    { after: { calls: 90, hedges: 10, overloads: 19 }, objection: 'extra-load' },
    { after: { calls: 90, hedges: 10, overloads: 20 }, objection: 'overloaded' },
    { after: { calls: 8, hedges: 2, overloads: 2 }, objection: 'overloaded' },
  ])('after $after objects: $objection', ({ after, objection }) => {
    expect(gateAfter(after).objection(OPTIONS, 0)).toBe(objection);
  });

  it('forgets by the second, after ten', () => {
    const gate = gateAfter({ calls: 10, hedges: 1, overloads: 5 }, 500);
    gate.opened(1_000);
    expect(gate.objection(OPTIONS, 9_999)).toBe('overloaded');
    expect(gate.objection(OPTIONS, 10_000)).toBeUndefined();
    gate.sent(10_000);
    expect(gate.objection(OPTIONS, 10_999)).toBe('extra-load');
    expect(gate.objection(OPTIONS, 20_000)).toBeUndefined();
  });

  it.each([10_000, 12_345, 1e9, 1e15])('forgets everything over an idle gap of %p ms', (gap) => {
    const gate = gateAfter({ calls: 100, hedges: 10, overloads: 50 });
    expect(gate.objection(OPTIONS, gap)).toBeUndefined();
    for (let count = 0; count < 10; count += 1) gate.opened(gap);
    expect(gate.objection(OPTIONS, gap)).toBeUndefined();
    gate.sent(gap);
    expect(gate.objection(OPTIONS, gap)).toBe('extra-load');
  });

  it('counts what comes with an earlier time as of now', () => {
    const gate = gateAfter({ calls: 10 }, 50_000);
    gate.overloaded(1_000);
    gate.overloaded(1_000);
    expect(gate.objection(OPTIONS, 1_000)).toBe('overloaded');
    expect(gate.objection(OPTIONS, 60_000)).toBeUndefined();
  });

  it('never lets more through in ten seconds than the extra load, or one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(700), { maxLength: 300 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (pauses, maxExtraLoad) => {
          const gate = new HedgeGate();
          const calls: number[] = [];
          const sent: number[] = [];
          let now = 0;
          for (const pause of pauses) {
            now += pause;
            gate.opened(now);
            calls.push(now);
            if (gate.objection({ maxExtraLoad, overloadShare: 1 }, now) !== undefined) continue;
            gate.sent(now);
            sent.push(now);
            const within = (times: number[]) => times.filter((at) => at > now - 9_000).length;
            const known = calls.filter((at) => at > now - 10_000).length;
            expect(within(sent)).toBeLessThanOrEqual(Math.max(1, maxExtraLoad * known));
          }
        },
      ),
    );
  });
});
