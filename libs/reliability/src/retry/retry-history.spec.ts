import { type OperationRecord, RetryHistory } from './retry-history.js';

const record = (call: string): OperationRecord => ({
  call,
  endedAt: 0,
  durationMs: 0,
  attempts: 1,
  delaysMs: [],
  classes: [],
  outcome: 'success',
});
const calls = (history: RetryHistory) => history.list().map(({ call }) => call);
function historyOf(size: number, added: string[]) {
  const history = new RetryHistory(size);
  for (const call of added) history.add(record(call));
  return history;
}

it('is empty at first', () => {
  expect(new RetryHistory(3).list()).toEqual([]);
});

it.each([
  [3, [], []],
  [3, ['a', 'b'], ['a', 'b']],
  [3, ['a', 'b', 'c'], ['a', 'b', 'c']],
  [3, ['a', 'b', 'c', 'd', 'e'], ['c', 'd', 'e']],
  [1, ['a', 'b'], ['b']],
  [0, ['a', 'b'], []],
])('a history of %d keeps the last ones, oldest first: %j gives %j', (size, added, expected) => {
  expect(calls(historyOf(size, added))).toEqual(expected);
});

it.each([
  [5, ['b', 'c', 'd'], ['b', 'c', 'd', 'e']],
  [2, ['c', 'd'], ['d', 'e']],
  [0, [], []],
])('resized to %d it keeps the last ones: %j, then %j', (size, kept, expected) => {
  const resized = historyOf(3, ['a', 'b', 'c', 'd']).resized(size);
  expect(calls(resized)).toEqual(kept);
  resized.add(record('e'));
  expect(calls(resized)).toEqual(expected);
});
