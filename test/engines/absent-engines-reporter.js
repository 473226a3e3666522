/** Prints, at the end of a run, the tests that were left out because an engine is absent. */
export default class AbsentEnginesReporter {
  #leftOut = new Map();

  onTestResult(_test, result) {
    for (const { ancestorTitles } of result.testResults) {
      const engines = ancestorTitles.map((title) => /\[absent: (.+)\]$/.exec(title)?.[1]).find(Boolean);
      if (engines !== undefined) this.#leftOut.set(engines, (this.#leftOut.get(engines) ?? 0) + 1);
    }
  }

  onRunComplete() {
    if (this.#leftOut.size === 0) return;
    const lines = [...this.#leftOut].map(([engines, tests]) => `  ${engines}: ${tests} test${tests === 1 ? '' : 's'}`);
    process.stderr.write(`\nLeft out, for want of an engine ("npm run engines" installs them):\n${lines.join('\n')}\n`);
  }
}
