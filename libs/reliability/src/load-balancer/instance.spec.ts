import { Instance } from './instance.js';
import { UNMEASURED } from './instance-load.js';

const instance = () => new Instance({ id: 'a', target: undefined }, 2, 1, UNMEASURED, undefined, undefined, []);

test('failures cast a shadow that fades by e for each penalty time', () => {
  const one = instance();
  expect(one.failureShadow(50)).toBe(0);
  one.castShadow(1_000, 100);
  expect(one.failureShadow(100)).toBe(1);
  one.castShadow(1_000, 600);
  expect(one.failureShadow(600)).toBeCloseTo(1 + Math.exp(-0.5), 12);
  expect(one.failureShadow(2_600)).toBeCloseTo((1 + Math.exp(-0.5)) * Math.exp(-2), 12);
});

test('a penalty of 0 casts none', () => {
  const one = instance();
  one.castShadow(0, 100);
  expect(one.failureShadow(100)).toBe(0);
});

test('is healthy unless ejected or found unwell, and usable unless it drains or rests', () => {
  const one = instance();
  expect([one.healthy, one.usable(0)]).toEqual([true, true]);
  one.checked = 'healthy';
  expect(one.healthy).toBe(true);
  one.checked = 'unhealthy';
  expect(one.healthy).toBe(false);
  one.restUntil = 10;
  expect([one.usable(9), one.usable(10)]).toEqual([false, true]);
  one.draining = true;
  expect(one.usable(10)).toBe(false);
});

test('weighs its weight, its factor and what slow start leaves', () => {
  const one = instance();
  expect([one.weightAt(0), one.slowStartUntil]).toEqual([2, -Infinity]);
  one.weightFactor = 0.5;
  one.slowStartFrom = 1_000;
  expect([one.weightAt(2_000), one.slowStartUntil]).toEqual([1, -Infinity]);
  one.slowStart = { windowMs: 10_000, aggression: 1, minWeightShare: 0 };
  expect([one.weightAt(6_000), one.slowStartUntil]).toEqual([0.5, 11_000]);
});
