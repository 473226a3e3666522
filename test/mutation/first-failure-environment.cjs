// The environment of the specs of a mutant: once a test of a file has failed the mutant is found, and the rest of the file
// is skipped. A mutant that leaves every call hanging would else wait for each test to time out.
const { TestEnvironment } = require('jest-environment-node');

module.exports = class FirstFailureEnvironment extends TestEnvironment {
  #failed = false;

  handleTestEvent({ name, test }) {
    if (name === 'test_done' && test.errors.length > 0) this.#failed = true;
    if (name === 'test_start' && this.#failed) test.mode = 'skip';
  }
};
