import type { Fault } from '@marketprism/exchange-simulator';
import { freshnessOf, type Sample } from './freshness.js';

const sample = (at: number, fresh: boolean, answered = true): Sample => ({ at, venue: 'okx', answered, fresh });
const fault = (startsAt: number, endsAt: number, hosts: string[], kind: Fault['kind'] = 'html'): Fault => ({
  id: 'f',
  venue: 'okx',
  hosts,
  kind,
  startsAt,
  endsAt,
  affected: 1,
  spec: { kind } as Fault['spec'],
});
const two = () => 2;

describe('freshnessOf', () => {
  it('counts from the first answer on', () => {
    const samples = [sample(0, false, false), sample(1, true), sample(2, false), sample(3, true, true)];
    expect(freshnessOf(samples, [], two)).toEqual({ answered: 1, fresh: 2 / 3 });
  });

  it('counts an answer that stops coming', () => {
    expect(freshnessOf([sample(1, true), sample(2, false, false)], [], two).answered).toBe(0.5);
  });

  it('asks for freshness only while a host is sound', () => {
    const samples = [sample(1, true), sample(2, false), sample(3, true)];
    expect(freshnessOf(samples, [fault(2, 3, ['a', 'b'])], two).fresh).toBe(1);
    expect(freshnessOf(samples, [fault(2, 3, ['a'])], two).fresh).toBe(2 / 3);
    expect(freshnessOf(samples, [fault(2, 3, ['a', 'b'], 'latency')], two).fresh).toBe(2 / 3);
    expect(freshnessOf(samples, [fault(2, 3, ['a']), fault(1, 3, ['b'])], two).fresh).toBe(1);
  });
});
