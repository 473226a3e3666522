import { type LastGoodOptions, LastGoodValues } from './last-good-values.js';
import { stalenessOf } from './staleness.js';

const OPTIONS: LastGoodOptions = { maxAgeMs: 100, maxKeys: 3, copy: false };

function valuesWith(options: Partial<LastGoodOptions> = {}) {
  return new LastGoodValues({ ...OPTIONS, ...options });
}

describe('LastGoodValues', () => {
  it('gives the latest value of a key with its age', () => {
    const values = valuesWith();
    const first = { n: 1 };
    const second = { n: 2 };
    values.put('a', first, 0);
    values.put('a', second, 10);
    expect(values.take('a', 'why', 30)).toEqual({ answer: second, ageMs: 20 });
    expect(values.take('a', 'why', 30)!.answer).toBe(second);
    expect(stalenessOf(second)).toEqual({ ageMs: 20, error: 'why' });
    expect(stalenessOf(first)).toBeUndefined();
    expect(values.take('b', 'why', 30)).toBeUndefined();
  });

  it('gives a value at its greatest age and not beyond', () => {
    const values = valuesWith();
    values.put('a', 'v', 0);
    expect(values.take('a', 'why', 100)).toEqual({ answer: 'v', ageMs: 100 });
    expect(values.take('a', 'why', 100.1)).toBeUndefined();
  });

  it('does not keep undefined, but other empty values', () => {
    const values = valuesWith();
    values.put('none', undefined, 0);
    values.put('null', null, 0);
    values.put('zero', 0, 0);
    expect(values.size).toBe(2);
    expect(values.take('null', 'why', 0)).toEqual({ answer: null, ageMs: 0 });
    expect(values.take('none', 'why', 0)).toBeUndefined();
  });

  it('keeps what keep says, undefined too, and the value before where it says no', () => {
    const values = valuesWith({ keep: (value: unknown) => value === undefined || value === 'good' });
    values.put('a', 'good', 0);
    values.put('a', 'bad', 1);
    expect(values.take('a', 'why', 1)!.answer).toBe('good');
    values.put('b', undefined, 0);
    expect(values.take('b', 'why', 0)).toEqual({ answer: undefined, ageMs: 0 });
  });

  it('keeps and gives clones where told to', () => {
    const values = valuesWith({ copy: true });
    const value = { rates: [1] };
    values.put('a', value, 0);
    value.rates.push(2);
    const first = values.take('a', 'why', 0)!.answer as typeof value;
    expect(first).toEqual({ rates: [1] });
    first.rates.push(3);
    expect(values.take('a', 'why', 0)!.answer).toEqual({ rates: [1] });
    expect(stalenessOf(first)).toEqual({ ageMs: 0, error: 'why' });
    expect(stalenessOf(value)).toBeUndefined();
  });

  it('lets mark make the answer', () => {
    const values = valuesWith({ mark: (value: string, { ageMs }) => ({ value, stale: ageMs }) });
    values.put('a', 'v', 0);
    const { answer } = values.take('a', 'why', 7)!;
    expect(answer).toEqual({ value: 'v', stale: 7 });
    expect(stalenessOf(answer)).toEqual({ ageMs: 7, error: 'why' });
  });

  it('is bounded, by new bounds too', () => {
    const values = valuesWith();
    for (const key of ['a', 'b', 'c', 'd']) values.put(key, key, 0);
    expect([values.size, values.evicted]).toEqual([3, 1]);
    values.reconfigure({ ...OPTIONS, maxKeys: 1, maxAgeMs: 50 });
    values.put('e', 'e', 10);
    expect([values.size, values.evicted]).toEqual([1, 4]);
    expect(values.take('e', 'why', 60)!.ageMs).toBe(50);
    expect(values.take('e', 'why', 61)).toBeUndefined();
  });

  it('forgets values that nobody asked for longer than they may be old', () => {
    const values = valuesWith();
    values.put('a', 'a', 0);
    values.put('b', 'b', 250);
    expect(values.size).toBe(1);
  });
});
