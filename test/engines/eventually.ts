/**
 * Repeats an expectation until it holds, at most `withinMs`; then it fails as it failed last. One that gives `false` does
 * not hold.
 */
export async function eventually(expectation: () => unknown, withinMs = 5_000): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      if ((await expectation()) !== false) return;
      throw new Error(`Not true within ${withinMs} ms: ${String(expectation)}`);
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
