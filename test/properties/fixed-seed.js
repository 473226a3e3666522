// Property tests draw the same values in every run, so that a change is what makes them fail. `PROPERTY_SEED=random npm
// test` explores others; `PROPERTY_SEED=<number>` draws those that fast-check printed.
import { readFileSync } from 'node:fs';

const { PROPERTY_SEED = '20260101' } = process.env;
const { testPath } = expect.getState();

if (PROPERTY_SEED !== 'random' && testPath && readFileSync(testPath, 'utf8').includes("from 'fast-check'")) {
  const { configureGlobal, readConfigureGlobal } = require('fast-check');
  configureGlobal({ ...readConfigureGlobal(), seed: Number(PROPERTY_SEED) });
}
