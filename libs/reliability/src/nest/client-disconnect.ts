import type { ServerResponse } from 'node:http';

/** Why work for a client that hung up is aborted. */
export class ClientDisconnectedError extends Error {
  override readonly name = 'ClientDisconnectedError';

  constructor() {
    super('The client has closed the connection');
  }
}

export interface WatchedClient {
  readonly signal: AbortSignal;
  /** Ends listening. */
  release(): void;
}

/** A signal that is aborted when the client hangs up before its answer is complete. */
export function watchDisconnect(response: ServerResponse | { readonly raw: ServerResponse }): WatchedClient {
  const raw = 'raw' in response ? response.raw : response;
  const controller = new AbortController();
  const onClose = () => {
    if (!raw.writableFinished) controller.abort(new ClientDisconnectedError());
  };
  raw.once('close', onClose);
  return {
    signal: controller.signal,
    release: () => {
      raw.removeListener('close', onClose);
    },
  };
}
