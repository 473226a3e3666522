/** Repeats an expectation until it holds, at most `withinMs`; then it fails as it failed last. */
export async function eventually(expectation: () => unknown, withinMs = 5_000): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      await expectation();
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
