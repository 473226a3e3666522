import type { CheckState } from './check-threshold.js';
import { noteCheck } from './check-threshold.js';

const thresholds = { healthyThreshold: 2, unhealthyThreshold: 3 };

const verdicts = (answers: string, from: CheckState['verdict'] = 'unknown') => {
  let state: CheckState = { verdict: from, against: 0 };
  return answers.split('').map((answer) => (state = noteCheck(state, answer === '+', thresholds)).verdict);
};

test('the first good answer makes an unknown endpoint healthy', () => {
  expect(verdicts('+')).toEqual(['healthy']);
});

test('bad answers in a row make an unknown or healthy endpoint unhealthy', () => {
  expect(verdicts('---')).toEqual(['unknown', 'unknown', 'unhealthy']);
  expect(verdicts('---', 'healthy')).toEqual(['healthy', 'healthy', 'unhealthy']);
});

test('a good answer in between starts the row anew', () => {
  expect(verdicts('--+--', 'healthy')).toEqual(['healthy', 'healthy', 'healthy', 'healthy', 'healthy']);
});

test('good answers in a row make an unhealthy endpoint healthy, a bad one in between starts anew', () => {
  expect(verdicts('++', 'unhealthy')).toEqual(['unhealthy', 'healthy']);
  expect(verdicts('+-+', 'unhealthy')).toEqual(['unhealthy', 'unhealthy', 'unhealthy']);
});

test('a new verdict starts a new row', () => {
  expect(verdicts('---+++--', 'healthy').slice(2)).toEqual([
    'unhealthy',
    'unhealthy',
    'healthy',
    'healthy',
    'healthy',
    'healthy',
  ]);
  expect(noteCheck({ verdict: 'healthy', against: 2 }, false, thresholds)).toEqual({
    verdict: 'unhealthy',
    against: 0,
  });
  expect(noteCheck({ verdict: 'unhealthy', against: 1 }, true, thresholds)).toEqual({ verdict: 'healthy', against: 0 });
});
