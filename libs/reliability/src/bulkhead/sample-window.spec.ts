import { SampleWindow } from './sample-window.js';

describe('SampleWindow', () => {
  it('closes when it is long and full enough', () => {
    const window = new SampleWindow(100, 3);
    expect(window.add(10, 1, false, 1_000)).toBeUndefined();
    expect(window.add(20, 4, false, 1_050)).toBeUndefined();
    expect(window.add(30, 2, false, 1_089)).toBeUndefined();
    expect(window.add(60, 3, false, 1_090)).toEqual({
      count: 4,
      dropped: 0,
      meanMs: 30,
      inFlight: 4,
      throughput: 4 / 100,
    });
  });

  it('begins with the first call, at most one window back', () => {
    const window = new SampleWindow(100, 1);
    expect(window.add(99, 1, false, 1_000)).toBeUndefined();
    expect(window.add(1, 1, false, 1_001)).toMatchObject({ count: 2, throughput: 2 / 100 });
    const other = new SampleWindow(100, 1);
    expect(other.add(5_000, 1, false, 9_000)).toMatchObject({ count: 1, throughput: 1 / 100 });
  });

  it('goes on until it has enough calls', () => {
    const window = new SampleWindow(100, 3);
    window.add(10, 1, false, 1_000);
    expect(window.add(10, 1, false, 1_500)).toBeUndefined();
    expect(window.add(10, 1, false, 1_990)).toMatchObject({ count: 3, throughput: 3 / 1_000 });
  });

  it('counts drops as calls, but not what they took', () => {
    const window = new SampleWindow(100, 2);
    window.add(10, 1, false, 1_000);
    expect(window.add(5_000, 7, true, 1_100)).toEqual({
      count: 1,
      dropped: 1,
      meanMs: 10,
      inFlight: 7,
      throughput: 1 / 110,
    });
  });

  it('knows no latency when everything was dropped', () => {
    const window = new SampleWindow(100, 1);
    expect(window.add(100, 1, true, 1_000)).toEqual({
      count: 0,
      dropped: 1,
      meanMs: NaN,
      inFlight: 1,
      throughput: 0,
    });
  });

  it('opens the next where it closed, empty', () => {
    const window = new SampleWindow(100, 1);
    window.add(100, 9, true, 1_000);
    expect(window.add(10, 2, false, 1_099)).toBeUndefined();
    expect(window.add(30, 1, false, 1_100)).toEqual({
      count: 2,
      dropped: 0,
      meanMs: 20,
      inFlight: 2,
      throughput: 2 / 100,
    });
  });

  it('keeps what it has collected over a pause of ten windows', () => {
    const window = new SampleWindow(100, 3);
    window.add(10, 1, false, 1_000);
    window.add(10, 1, false, 2_000);
    expect(window.add(10, 1, false, 2_000)).toMatchObject({ count: 3 });
  });

  it('forgets what it has collected after a pause of more than ten windows', () => {
    const window = new SampleWindow(100, 3);
    window.add(900, 9, true, 1_000);
    expect(window.add(10, 9, false, 2_000)).toBeUndefined();
    window.add(10, 1, false, 3_001);
    window.add(10, 1, false, 3_050);
    expect(window.add(10, 1, false, 3_091)).toEqual({
      count: 3,
      dropped: 0,
      meanMs: 10,
      inFlight: 1,
      throughput: 3 / 100,
    });
  });
});
