import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock } from './clock.js';

describe('systemClock', () => {
  it('never steps back', () => {
    const readings = Array.from({ length: 1_000 }, () => systemClock.now());
    expect(readings).toEqual([...readings].sort((a, b) => a - b));
  });

  it('counts from where `performance.now` does', () => {
    const before = performance.now();
    const read = systemClock.now();
    const after = performance.now();
    expect(read).toBeGreaterThan(before - 1);
    expect(read).toBeLessThan(after + 1);
  });

  it('gives the time of day', () => {
    expect(new Date(systemClock.wallNow()).getUTCFullYear()).toBeGreaterThan(2025);
  });

  it('runs a task not before its time, outside the context of whoever scheduled it', async () => {
    const storage = new AsyncLocalStorage<string>();
    const startedAt = systemClock.now();
    const [endedAt, store] = await storage.run(
      'request',
      () =>
        new Promise<[number, string | undefined]>((resolve) => {
          systemClock.schedule(3, () => resolve([systemClock.now(), storage.getStore()]));
        }),
    );
    expect(endedAt - startedAt).toBeGreaterThanOrEqual(3);
    expect(store).toBeUndefined();
  });

  it('keeps the process from ending neither by a task that waits nor by one taken back', () => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    // Sooner than whatever the process has scheduled before, so that a native timer is set for it.
    const timers = Array.from({ length: 3 }, (_, index) => systemClock.schedule(0.001 * index, () => undefined));
    const handles = set.mock.results.map(({ value }) => value as NodeJS.Timeout);
    set.mockRestore();
    expect(handles.length).toBeGreaterThan(0);
    expect(handles.map((handle) => handle.hasRef())).toEqual(handles.map(() => false));
    for (const timer of timers) timer.cancel();
  });
});
