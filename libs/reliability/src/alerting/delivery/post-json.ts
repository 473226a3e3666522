/** The receiver did not take it. Carries what tells whether another attempt makes sense. */
export class SinkAnsweredError extends Error {
  override readonly name = 'SinkAnsweredError';

  constructor(
    readonly status: number,
    readonly headers: Headers,
  ) {
    super(`the receiver answered ${status}`);
  }
}

/**
 * Posts a body as JSON; redirects are not followed, so that what is signed for one host does not go to another.
 * @throws SinkAnsweredError unless the answer is 2xx; what `fetch` throws
 */
export async function postJson(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { ...headers, 'content-type': 'application/json' },
    redirect: 'manual',
    signal,
  });
  // What a receiver says beside the status is of no use here, and may have no end.
  await response.body?.cancel();
  if (!response.ok) throw new SinkAnsweredError(response.status, response.headers);
}
