import {
  attemptsOf,
  fileReport,
  reportOfOther,
  reportSequence,
  type RetryReport,
  retryReportOf,
} from './attempts-of.js';

const report = (policy: string): RetryReport => ({
  policy,
  call: 'Rates.fetch',
  reason: 'attempts',
  attempts: [{ attempt: 1, errorClass: 'server', error: 'x', delayMs: undefined, endpoint: undefined }],
});

it('finds the report of an error, a frozen one and a function included', () => {
  const thrown = [new Error('a'), Object.freeze(new Error('b')), () => 'c'];
  for (const error of thrown) {
    fileReport(error, report('okx'));
    expect(retryReportOf(error)).toMatchObject(report('okx'));
    expect(attemptsOf(error)).toEqual(report('okx').attempts);
  }
});

it('knows nothing of other errors, nor of what cannot carry a report', () => {
  for (const value of [new Error('other'), null, undefined, 'text', 7]) {
    expect(retryReportOf(value)).toBeUndefined();
    expect(attemptsOf(value)).toBeUndefined();
  }
  for (const value of [null, undefined, 'text', 7]) {
    fileReport(value, report('okx'));
    expect(retryReportOf(value)).toBeUndefined();
    expect(reportOfOther(value, 'other', 0)).toBeUndefined();
  }
});

it('tells a report filed by another policy during an attempt from an older one and from one’s own', () => {
  const error = new Error('shared');
  const before = reportSequence();
  fileReport(error, report('inner'));
  expect(reportSequence()).toBe(before + 1);
  expect(reportOfOther(error, 'outer', before)?.policy).toBe('inner');
  expect(reportOfOther(error, 'inner', before)).toBeUndefined();
  expect(reportOfOther(error, 'outer', before + 1)).toBeUndefined();
  expect(reportOfOther(new Error('fresh'), 'outer', before)).toBeUndefined();
});
