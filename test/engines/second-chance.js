// Tests that start and kill real processes share the machine with whatever else runs on it: one that fails gets a second
// chance, and the first failure is shown. Tests in virtual time get none.
const REAL =
  /[\\/]test[\\/](redis|store|stream|balancer|collector|classification|storm|reliability)[\\/]|[\\/]apps[\\/]/;

if (REAL.test(expect.getState().testPath ?? '')) jest.retryTimes(1, { logErrorsBeforeRetry: true });
