import { buildChain } from '@marketprism/reliability';

// A deadline of NaN or '5', a priority that there is not and a signal that is none were taken without a word: the call
// ran without deadline, out of order, and could not be aborted.
describe('what an execution says about itself', () => {
  it.each([
    [{ deadlineMs: Number.NaN }, 'okx: deadlineMs for policy "okx": must be a number of ms; got NaN'],
    [{ deadlineMs: '5' }, `okx: deadlineMs for policy "okx": must be a number of ms; got '5'`],
    [{ priority: 'urgent' }, `must be one of critical, high, normal, low; got 'urgent'`],
    [{ signal: {} }, 'okx: signal for policy "okx": must be an AbortSignal; got {}'],
    [{ signal: null }, 'must be an AbortSignal; got null'],
  ])('is refused when it cannot be: %j', async (options, problem) => {
    const chain = buildChain({ name: 'okx', circuitBreaker: {} });
    const work = jest.fn();
    const refused = { code: 'INVALID_USE', refused: true, message: expect.stringContaining(problem) };
    await expect(chain.execute(work, options as never)).rejects.toMatchObject(refused);
    expect(work).not.toHaveBeenCalled();
  });
});
