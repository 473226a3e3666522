import { Usage } from './usage.js';

test('averages calls under way over time, and their latency over calls', () => {
  const usage = new Usage(1_000, 0);
  usage.started(1_000);
  usage.started(1_500);
  usage.ended(1_750);
  usage.took(10);
  usage.took(30);
  expect(usage.read(2_000)).toEqual({ inFlight: (500 + 500 + 250) / 1_000, latencyMs: 20 });
});

test('each reading starts a period of its own, with the calls that go on', () => {
  const usage = new Usage(0, 0);
  usage.started(0);
  usage.started(0);
  usage.took(5);
  usage.read(100);
  expect(usage.read(200)).toEqual({ inFlight: 2, latencyMs: 0 });
  usage.ended(250);
  expect(usage.read(300)).toEqual({ inFlight: 1.5, latencyMs: 0 });
});

test('a period without length gives the calls under way', () => {
  const usage = new Usage(50, 0);
  usage.started(50);
  expect(usage.read(50)).toEqual({ inFlight: 1, latencyMs: 0 });
});

test('calls that were under way before count from the start', () => {
  const usage = new Usage(0, 3);
  usage.ended(50);
  expect(usage.read(100)).toEqual({ inFlight: 2.5, latencyMs: 0 });
});
