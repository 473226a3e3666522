import { isStoreError } from './errors.js';
import { Slots } from './slots.js';

describe('connections in slots', () => {
  it('are handed out in order of arrival, each to one caller', async () => {
    const slots = new Slots(['a'], 10);
    const order: string[] = [];
    expect(await slots.take(1_000, 'x')).toBe('a');
    const second = slots.take(1_000, 'x').then(() => order.push('second'));
    const third = slots.take(1_000, 'x').then(() => order.push('third'));
    slots.release('a');
    await second;
    expect(order).toEqual(['second']);
    slots.release('a');
    await third;
    slots.release('a');
    expect([slots.busy, slots.waiting]).toEqual([0, 0]);
  });

  it('refuse when too many wait', async () => {
    const slots = new Slots(['a'], 0);
    await slots.take(1_000, 'x');
    await expect(slots.take(1_000, 'saving')).rejects.toThrow('saving: 0 calls already wait for a connection');
  });

  it('give up waiting at the deadline, and hand the connection to the next', async () => {
    jest.useFakeTimers();
    try {
      const slots = new Slots(['a'], 10);
      await slots.take(100, 'x');
      const late = slots.take(100, 'x').catch((error: unknown) => error);
      const patient = slots.take(500, 'x');
      await jest.advanceTimersByTimeAsync(100);
      expect(isStoreError(await late, 'BUSY')).toBe(true);
      slots.release('a');
      expect(await patient).toBe('a');
    } finally {
      jest.useRealTimers();
    }
  });
});
